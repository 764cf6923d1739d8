using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Merpati.Storage;

/// <summary>The meter <c>Merpati.Storage</c>; every measurement carries the store's name.</summary>
public sealed class StorageMetrics : IDisposable
{
    public const string MeterName = "Merpati.Storage";

    private readonly Meter _meter = new(MeterName);
    private readonly Histogram<double> _commit;
    private readonly Histogram<int> _batch;
    private readonly Counter<long> _failures;
    private readonly Counter<long> _retries;
    private readonly KeyValuePair<string, object?> _store;

    public StorageMetrics(string store, Func<int> queueDepth)
    {
        _store = new("store", store);
        _commit = _meter.CreateHistogram<double>("merpati.storage.commit.duration", "s", "From the begin of a group's transaction until it is on disk.");
        _batch = _meter.CreateHistogram<int>("merpati.storage.commit.operations", "{operation}", "Operations that shared one commit.");
        _failures = _meter.CreateCounter<long>("merpati.storage.operation.failures", "{operation}", "Write operations that failed.");
        _retries = _meter.CreateCounter<long>("merpati.storage.transaction.retries", "{transaction}", "Transactions that were run again after a conflict or a change of the primary.");
        _meter.CreateObservableGauge("merpati.storage.queue.depth", () => new Measurement<int>(queueDepth(), _store), "{operation}", "Write operations that wait for their turn.");
    }

    public void Committed(long startedAt, int operations)
    {
        _commit.Record(Stopwatch.GetElapsedTime(startedAt).TotalSeconds, _store);
        _batch.Record(operations, _store);
    }

    public void Failed() => _failures.Add(1, _store);

    public void Retried() => _retries.Add(1, _store);

    public void Dispose() => _meter.Dispose();
}
