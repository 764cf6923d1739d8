using System.Diagnostics;
using System.Diagnostics.Metrics;
using Merpati.Mail.Auth;
using Merpati.Mail.Policy;
using Merpati.SmtpIngress.Scanners;

namespace Merpati.SmtpIngress;

internal sealed class IngressMetrics
{
    public const string MeterName = "Merpati.SmtpIngress";

    public static readonly ActivitySource Activities = new(MeterName);

    private readonly Meter _meter;
    private readonly Counter<long> _connections;
    private readonly UpDownCounter<long> _active;
    private readonly Counter<long> _accepted;
    private readonly Counter<long> _octets;
    private readonly Counter<long> _refusals;
    private readonly Counter<long> _turnedAway;
    private readonly Counter<long> _rateAlarms;
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _checks;
    private readonly Histogram<double> _checksDuration;

    private readonly Counter<long> _dmarcRows;
    private readonly Counter<long> _lists;
    private readonly Counter<long> _verdicts;
    private readonly Counter<long> _scans;
    private readonly Histogram<double> _scanDuration;

    public IngressMetrics(IMeterFactory meters)
    {
        var meter = _meter = meters.Create(MeterName);
        _connections = meter.CreateCounter<long>("merpati.smtp.connections", "{connection}", "Connections that came in");
        _active = meter.CreateUpDownCounter<long>("merpati.smtp.active.connections", "{connection}", "Connections that are open");
        _accepted = meter.CreateCounter<long>("merpati.smtp.accepted.messages", "{message}", "Messages that got a 250");
        _octets = meter.CreateCounter<long>("merpati.smtp.accepted.bytes", "By", "Octets of accepted messages");
        _refusals = meter.CreateCounter<long>("merpati.smtp.refused.commands", "{command}", "Commands and messages that got a 4yz or 5yz reply, by code and verb");
        _turnedAway = meter.CreateCounter<long>("merpati.smtp.door.refusals", "{refusal}", "Clients refused for how they come or how much they want, by reason");
        _rateAlarms = meter.CreateCounter<long>("merpati.smtp.rate.alarms", "{alarm}", "Times that somebody exceeded a limit that only warns, by reason");
        _duration = meter.CreateHistogram<double>("merpati.smtp.acceptance.duration", "s", "From DATA or the first BDAT to the reply");
        _checks = meter.CreateCounter<long>("merpati.smtp.checks", "{result}", "Results of the checks of messages, by method (iprev, spf, dkim, dmarc, arc) and result");
        _dmarcRows = meter.CreateCounter<long>("merpati.smtp.dmarc.messages", "{message}", "Messages for the DMARC report of their author's domain, by result (counted, dropped where there is no room)");
        _lists = meter.CreateCounter<long>("merpati.smtp.dns.lists", "{message}", "Messages that a DNS list named, or about which it did not answer, by zone and result (listed, unanswered)");
        _verdicts = meter.CreateCounter<long>("merpati.policy.verdicts", "{message}", "Messages that the policy judged, by action and rule");
        _scans = meter.CreateCounter<long>("merpati.smtp.scans", "{message}", "Messages that scanners were to look at, by scanner and result");
        _scanDuration = meter.CreateHistogram<double>("merpati.smtp.scan.duration", "s", "From the question to the answer of a scanner, by scanner");
        _checksDuration = meter.CreateHistogram<double>("merpati.smtp.checks.duration", "s", "From DATA or the first BDAT to the verdict of the checks");
    }

    public ConnectionCount CountConnection(SmtpRole role)
    {
        var tag = RoleTag(role);
        _connections.Add(1, tag);
        _active.Add(1, tag);
        return new ConnectionCount(_active, tag);
    }

    public void CountAccepted(SmtpRole role, long size, TimeSpan duration)
    {
        var tag = RoleTag(role);
        _accepted.Add(1, tag);
        _octets.Add(size, tag);
        _duration.Record(duration.TotalSeconds, tag);
    }

    public void CountChecks(MessageVerdict verdict, TimeSpan duration)
    {
        Count("iprev", verdict.Iprev.Result);
        Count("spf", verdict.Spf.Result);
        if (verdict.Dkim.Count == 0) Count("dkim", AuthResult.None);
        foreach (var signature in verdict.Dkim) Count("dkim", signature.Result);
        Count("dmarc", verdict.Dmarc.Result);
        Count("arc", verdict.Arc.Result);
        foreach (var list in verdict.Lists.Listings.Select(listing => listing.List.Zone).Distinct()) CountList(list, "listed");
        foreach (var list in verdict.Lists.Unanswered) CountList(list, "unanswered");
        _checksDuration.Record(duration.TotalSeconds);

        void Count(string method, AuthResult result) => _checks.Add(1, new KeyValuePair<string, object?>("method", method), new KeyValuePair<string, object?>("result", result.Name()));
    }

    private void CountList(string zone, string result) => _lists.Add(1, new KeyValuePair<string, object?>("zone", zone), new KeyValuePair<string, object?>("result", result));

    public void CountDmarcRow(bool counted) => _dmarcRows.Add(1, new KeyValuePair<string, object?>("result", counted ? "counted" : "dropped"));

    public void CountVerdict(PolicyVerdict verdict)
        => _verdicts.Add(1, new KeyValuePair<string, object?>("action", verdict.Action.Name()), new KeyValuePair<string, object?>("rule", verdict.Rule));

    public void CountScan(ScanAnswer answer, TimeSpan duration)
    {
        _scans.Add(1, new KeyValuePair<string, object?>("scanner", answer.Scanner), new KeyValuePair<string, object?>("result", answer.Result));
        _scanDuration.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("scanner", answer.Scanner));
    }

    /// <summary>Called once, with all scanners of this server.</summary>
    public void Watch(IReadOnlyList<ScannerBreaker> scanners)
        => _meter.CreateObservableGauge("merpati.smtp.scanner.state", () => scanners.Select(scanner => new Measurement<int>((int)scanner.State, new KeyValuePair<string, object?>("scanner", scanner.Scanner))), "{state}",
            "Whether a scanner is used, by scanner: 0 in use, 1 tried again by one message, 2 resting after it failed too often");

    public void CountRefusal(SmtpRole role, string verb, int code)
        => _refusals.Add(1, RoleTag(role), new KeyValuePair<string, object?>("verb", verb), new KeyValuePair<string, object?>("code", code));

    public void CountTurnedAway(string reason) => _turnedAway.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void CountRateAlarm(string reason) => _rateAlarms.Add(1, new KeyValuePair<string, object?>("reason", reason));

    private static KeyValuePair<string, object?> RoleTag(SmtpRole role) => new("role", role == SmtpRole.Mx ? "mx" : "submission");

    /// <summary>Counts an open connection until it is disposed.</summary>
    public readonly struct ConnectionCount(UpDownCounter<long> active, KeyValuePair<string, object?> tag) : IDisposable
    {
        public void Dispose() => active.Add(-1, tag);
    }
}
