using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Merpati.Benchmarks.Peers;

namespace Merpati.Benchmarks.Load;

/// <param name="Relayed">From the first MAIL until the far end has taken the last message.</param>
/// <param name="Cpu">Of the relay, over that time.</param>
internal sealed record RelayResult(SmtpLoadResult Smtp, TimeSpan Relayed, TimeSpan Cpu)
{
    public double PerSecond => Smtp.Accepted / Relayed.TotalSeconds;

    public double CpuMillisecondsPerMessage => Cpu.TotalMilliseconds / Smtp.Accepted;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"accepted {Smtp.PerSecond:F0}/s, relayed {PerSecond:F0}/s, {CpuMillisecondsPerMessage:F2} ms CPU per message");
}

/// <summary>The SMTP load for other servers, and how long it takes until they have it.</summary>
internal static class RelayLoad
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>As fast as it goes, to smtp-sink.</summary>
    public static async Task<RelayResult> RunAsync(SmtpLoadPlan plan, SmtpSink sink, IReadOnlyList<int> processes, CancellationToken cancellationToken)
    {
        var connections = await SmtpLoad.ConnectAsync(plan, cancellationToken);
        var before = sink.Messages;
        var cpu = ProcessFigures.Of(processes).Cpu;
        var clock = Stopwatch.StartNew();
        var smtp = await SmtpLoad.RunAsync(plan, connections, cancellationToken);
        while (sink.Messages < before + smtp.Accepted)
        {
            if (clock.Elapsed > Patience) throw new TimeoutException($"{before + smtp.Accepted - sink.Messages} messages were accepted and did not arrive.");
            await Task.Delay(5, cancellationToken);
        }
        var relayed = clock.Elapsed;
        // What the relay writes down after the last reply is its work too.
        await Task.Delay(TimeSpan.FromMilliseconds(500), cancellationToken);
        return new RelayResult(smtp, relayed, ProcessFigures.Of(processes).Cpu - cpu);
    }

    /// <summary>At the pace of the plan: from MAIL of the client to 250 of the far end.</summary>
    /// <param name="taken">Filled by a <see cref="ClockingSink"/>.</param>
    public static async Task<Latencies> RunPacedAsync(SmtpLoadPlan plan, ConcurrentDictionary<int, long> taken, CancellationToken cancellationToken)
    {
        taken.Clear();
        var started = new ConcurrentDictionary<int, long>();
        var clock = Stopwatch.StartNew();
        await SmtpLoad.RunAsync(plan with { OnStart = (number, at) => started[number] = at }, cancellationToken);
        while (taken.Count < started.Count)
        {
            if (clock.Elapsed > Patience) throw new TimeoutException($"{started.Count - taken.Count} messages were accepted and did not arrive.");
            await Task.Delay(20, cancellationToken);
        }
        var latencies = new Latencies();
        foreach (var (number, at) in started) latencies.AddTicks(taken[number] - at);
        return latencies;
    }
}
