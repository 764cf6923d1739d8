using System.Diagnostics;
using System.Globalization;

namespace Merpati.Benchmarks.Load;

/// <summary>Durations of one kind of operation, all kept: a run has at most some hundred thousand.</summary>
internal sealed class Latencies
{
    private readonly List<long> _ticks = [];
    private readonly Lock _lock = new();

    public int Count
    {
        get { lock (_lock) return _ticks.Count; }
    }

    public void Add(long startedAt) => AddTicks(Stopwatch.GetTimestamp() - startedAt);

    /// <param name="elapsed">In ticks of <see cref="Stopwatch"/>.</param>
    public void AddTicks(long elapsed)
    {
        lock (_lock) _ticks.Add(elapsed);
    }

    public double Milliseconds(double percentile)
    {
        lock (_lock)
        {
            if (_ticks.Count == 0) return 0;
            _ticks.Sort();
            var index = Math.Clamp((int)Math.Ceiling(percentile / 100 * _ticks.Count) - 1, 0, _ticks.Count - 1);
            return _ticks[index] * 1000.0 / Stopwatch.Frequency;
        }
    }

    public override string ToString()
        => string.Create(CultureInfo.InvariantCulture, $"p50 {Milliseconds(50):F1} ms, p95 {Milliseconds(95):F1} ms, p99 {Milliseconds(99):F1} ms, max {Milliseconds(100):F1} ms");
}
