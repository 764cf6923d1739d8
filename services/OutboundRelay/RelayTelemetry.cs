using System.Diagnostics;
using System.Diagnostics.Metrics;
using Merpati.OutboundRelay.Queue;
using Merpati.OutboundRelay.Sending;
using Merpati.Protocols.Smtp.Client;
using Merpati.Storage;

namespace Merpati.OutboundRelay;

internal static class RelayTelemetry
{
    public const string Name = "Merpati.OutboundRelay";

    public static readonly ActivitySource Source = new(Name);
}

/// <summary>Counters, histograms and gauges of the relay. No name of a domain is a label: strangers choose them.</summary>
internal sealed class RelayMetrics
{
    private readonly Counter<long> _settled;
    private readonly Counter<long> _attempts;
    private readonly Histogram<double> _attempt;
    private readonly Histogram<double> _latency;
    private readonly Histogram<double> _unrecorded;
    private readonly Counter<long> _dials;
    private readonly Histogram<double> _dial;
    private readonly Counter<long> _reused;
    private readonly UpDownCounter<long> _connections;
    private readonly Counter<long> _leasesLost;
    private readonly Counter<long> _mayBeDouble;
    private readonly Counter<long> _reports;

    public RelayMetrics(IMeterFactory meters, DestinationGates gates, ProviderRests providers)
    {
        var meter = meters.Create(RelayTelemetry.Name);
        _settled = meter.CreateCounter<long>("merpati.relay.recipients", "{recipient}", "Recipients by what an attempt made of them: relayed, deferred, bounced, held.");
        _attempts = meter.CreateCounter<long>("merpati.relay.attempts", "{attempt}", "Attempts by result: relayed, deferred, bounced, mixed.");
        _attempt = meter.CreateHistogram<double>("merpati.relay.attempt.duration", "s", "An attempt on a queue entry, from lease to close.");
        _latency = meter.CreateHistogram<double>("merpati.relay.latency", "s", "From acceptance to the next hop's promise.");
        _unrecorded = meter.CreateHistogram<double>("merpati.relay.unrecorded.duration", "s", "From reading the next hop's promise to the durable record of it: a crash in between doubles the message.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.0005, 0.001, 0.0015, 0.002, 0.003, 0.004, 0.006, 0.008, 0.012, 0.016, 0.024, 0.032, 0.048, 0.064, 0.1, 0.25, 0.5, 1, 5, 30] });
        _dials = meter.CreateCounter<long>("merpati.relay.dials", "{connection}", "Connections by result: tls, verified, clear, unreachable, refused, tls_failed, lost.");
        _dial = meter.CreateHistogram<double>("merpati.relay.dial.duration", "s", "From the first packet to the open session, or its failure.");
        _reused = meter.CreateCounter<long>("merpati.relay.connections.reused", "{connection}", "Messages that went over a connection that was open already.");
        _connections = meter.CreateUpDownCounter<long>("merpati.relay.connections", "{connection}", "Open sessions, those that wait for a message included.");
        _leasesLost = meter.CreateCounter<long>("merpati.relay.leases.lost", "{lease}", "Attempts whose lease had gone to another worker before they ended.");
        _mayBeDouble = meter.CreateCounter<long>("merpati.relay.possible_doubles", "{recipient}", "Recipients offered again although an earlier attempt may have come through: a crash, or a connection lost, between the end of the message and its reply.");
        _reports = meter.CreateCounter<long>("merpati.relay.reports", "{report}", "Daily reports to other domains, by kind (tls, dmarc) and result: sent, unwanted, failed.");
        meter.CreateObservableGauge("merpati.relay.destinations", () => gates.Count, "{destination}", "Destinations that something is known about.");
        meter.CreateObservableGauge("merpati.relay.destinations.resting", gates.Resting, "{destination}", "Destinations that could not be reached and are left alone for a while.");
        meter.CreateObservableGauge("merpati.relay.providers.resting", () => providers.Count, "{provider}", "Providers that said 'too many' and are left alone for a while.");
    }

    public void Settled(RecipientState state) => _settled.Add(1, new KeyValuePair<string, object?>("outcome", Outcome(state)));

    public void Attempted(TimeSpan duration, IReadOnlyList<RelayVerdict> verdicts)
    {
        _attempt.Record(duration.TotalSeconds);
        var outcomes = verdicts.Select(verdict => Outcome(verdict.State)).Distinct().ToList();
        _attempts.Add(1, new KeyValuePair<string, object?>("result", outcomes.Count == 1 ? outcomes[0] : "mixed"));
    }

    public void Relayed(TimeSpan sinceAcceptance) => _latency.Record(Math.Max(0, sinceAcceptance.TotalSeconds));

    public void Recorded(TimeSpan sincePromise) => _unrecorded.Record(sincePromise.TotalSeconds);

    public void Dialed(DialOutcome outcome, TimeSpan duration)
    {
        var result = outcome switch
        {
            DialOutcome.Connected { Session.Tls: { Verified: true } } => "verified",
            DialOutcome.Connected { Session.Tls: not null } => "tls",
            DialOutcome.Connected => "clear",
            DialOutcome.Unreachable => "unreachable",
            DialOutcome.NotOpened { Outcome: OpenOutcome.TlsFailed } => "tls_failed",
            DialOutcome.NotOpened { Outcome: OpenOutcome.Lost } => "lost",
            _ => "refused",
        };
        _dials.Add(1, new KeyValuePair<string, object?>("result", result));
        _dial.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("result", result));
        if (outcome is DialOutcome.Connected) _connections.Add(1);
    }

    public void ConnectionReused() => _reused.Add(1);

    public void ConnectionClosed() => _connections.Add(-1);

    public void LeaseLost() => _leasesLost.Add(1);

    public void Reported(string kind, string result) => _reports.Add(1, new KeyValuePair<string, object?>("kind", kind), new KeyValuePair<string, object?>("result", result));

    public void MayBeDouble(int recipients) => _mayBeDouble.Add(recipients);

    private static string Outcome(RecipientState state) => state == RecipientState.Queued ? "deferred" : state.ToString().ToLowerInvariant();
}
