using System.Diagnostics;
using System.Diagnostics.Metrics;
using Merpati.Storage;

namespace Merpati.Delivery;

internal static class DeliveryTelemetry
{
    public const string Name = "Merpati.Delivery";

    public static readonly ActivitySource Source = new(Name);
}

/// <summary>Counters and histograms of delivery. The gauges of queue and ledger are <see cref="Ledger.LedgerGauges"/>.</summary>
internal sealed class DeliveryMetrics
{
    private readonly Counter<long> _settled;
    private readonly Histogram<double> _attempt;
    private readonly Histogram<double> _latency;
    private readonly Counter<long> _collected;
    private readonly Counter<long> _leasesLost;
    private readonly Counter<long> _reports;
    private readonly Counter<long> _digests;
    private long _orphanedOctets;

    public DeliveryMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(DeliveryTelemetry.Name);
        _settled = meter.CreateCounter<long>("merpati.delivery.recipients", "{recipient}", "Recipients by what an attempt made of them: delivered, deferred, bounced, held.");
        _attempt = meter.CreateHistogram<double>("merpati.delivery.attempt.duration", "s", "An attempt on a queue entry, from lease to close.");
        _latency = meter.CreateHistogram<double>("merpati.delivery.latency", "s", "From acceptance to the mailbox.");
        _leasesLost = meter.CreateCounter<long>("merpati.delivery.leases.lost", "{lease}", "Attempts whose lease had gone to another worker before they ended.");
        _reports = meter.CreateCounter<long>("merpati.delivery.reports", "{report}", "Reports that came in by what they were: bounce, complaint, dmarc, tls, dropped (too many), foreign (not about us), unreadable.");
        _digests = meter.CreateCounter<long>("merpati.delivery.digests", "{message}", "Digests of the quarantine that were sent to accounts.");
        _collected = meter.CreateCounter<long>("merpati.content.collected_bytes", "By", "Contents removed since nobody needed them.");
        meter.CreateObservableGauge("merpati.content.orphaned_bytes", () => Volatile.Read(ref _orphanedOctets), "By", "Contents that nobody needs and that are not removed yet, as of the last look.");
    }

    public void Settled(RecipientState state) => _settled.Add(1, new KeyValuePair<string, object?>("outcome", state switch
    {
        RecipientState.Queued => "deferred",
        _ => state.ToString().ToLowerInvariant(),
    }));

    public void Attempted(TimeSpan duration) => _attempt.Record(duration.TotalSeconds);

    public void Delivered(TimeSpan sinceAcceptance) => _latency.Record(Math.Max(0, sinceAcceptance.TotalSeconds));

    public void ReportRead(string what) => _reports.Add(1, new KeyValuePair<string, object?>("what", what));

    public void DigestSent() => _digests.Add(1);

    public void LeaseLost() => _leasesLost.Add(1);

    public void Collected(long octets) => _collected.Add(octets);

    public void Orphaned(long octets) => Volatile.Write(ref _orphanedOctets, octets);
}
