using System.Net;
using System.Text.Json;
using Merpati.Mail.Dns;
using Merpati.Platform.Sharing;
using Merpati.Relaying;
using Microsoft.Extensions.Options;

namespace Merpati.OutboundRelay.TlsReports;

/// <summary>What the relays counted for TLS reports (RFC 8460), in the store.</summary>
internal sealed class SharedTlsSessions(TlsReportCollector collector, DailyRecords daily, IOptions<TlsReportOptions> options) : IDailyCounts
{
    public const string Kind = "tlsrpt";

    public DailyRecords Daily => daily;

    public async ValueTask SaveAsync(CancellationToken cancellationToken)
    {
        // Nobody would ever take them out again.
        if (!options.Value.Send) return;
        // A day that ends meanwhile is written the next time.
        var today = daily.Today;
        var changed = collector.TakeChanged();
        try { await daily.PutAsync(changed.Select(one => (one.Day, one.Domain, Write(one))), cancellationToken); }
        catch
        {
            collector.GiveBack(changed);
            throw;
        }
        collector.TakeBefore(today);
    }

    /// <summary>What all relays counted, as one.</summary>
    public static DomainSessions Together(DateOnly day, string domain, IEnumerable<ReadOnlyMemory<byte>> counted)
        => new(domain, day, [.. counted.SelectMany(Read).GroupBy(sessions => sessions.Policy).Select(same => new PolicySessions(
            same.Key,
            same.Sum(sessions => sessions.Successes),
            same.Sum(sessions => sessions.Failures),
            [.. same.SelectMany(sessions => sessions.Details)
                .GroupBy(detail => detail.Failure)
                .Select(detail => new CountedFailure(detail.Key, detail.Sum(one => one.Sessions)))
                .OrderByDescending(detail => detail.Sessions)]))]);

    private static ReadOnlyMemory<byte> Write(DomainSessions sessions)
    {
        var policies = sessions.Policies.Select(one => new Policy(one.Policy.Type, one.Policy.Domain, one.Policy.Text, one.Policy.Mx, one.Successes, one.Failures,
            [.. one.Details.Select(detail => new Detail(detail.Failure.Type, detail.Failure.ReceivingMx, detail.Failure.ReceivingHelo, detail.Failure.ReceivingIp?.ToString(), detail.Failure.SendingIp?.ToString(), detail.Failure.Detail, detail.Sessions))]));
        return JsonSerializer.SerializeToUtf8Bytes(policies);
    }

    private static IReadOnlyList<PolicySessions> Read(ReadOnlyMemory<byte> value)
        => [.. (JsonSerializer.Deserialize<Policy[]>(value.Span) ?? []).Select(one => new PolicySessions(
            new ReportedPolicy(one.Type, one.Domain, one.Text, one.Mx), one.Successes, one.Failures,
            [.. one.Details.Select(detail => new CountedFailure(new TlsSessionFailure(detail.Type, detail.Mx, detail.Helo, Address(detail.ReceivingIp), Address(detail.SendingIp), detail.Reason), detail.Sessions))]))];

    private static IPAddress? Address(string? text) => text is null ? null : IPAddress.Parse(text);

    private sealed record Policy(ReportedPolicyType Type, string Domain, IReadOnlyList<string> Text, IReadOnlyList<string> Mx, long Successes, long Failures, IReadOnlyList<Detail> Details);

    private sealed record Detail(TlsFailure Type, string? Mx, string? Helo, string? ReceivingIp, string? SendingIp, string? Reason, long Sessions);
}
