using System.Globalization;
using System.Net;
using System.Text.Json;
using Merpati.Mail.Dns;
using Merpati.Relaying;
using Merpati.Storage;

namespace Merpati.OutboundRelay.TlsReports;

/// <summary>
/// What the relays counted for TLS reports (RFC 8460), in the store: each writes its own counts of a day and a domain over and over, so that one that dies loses a minute; one of them puts them
/// together when the day is over.
/// </summary>
/// <param name="relay">This process, and no other one before or after it.</param>
internal sealed class SharedTlsSessions(TlsReportCollector collector, ISharedRecords records, string relay, TimeProvider time)
{
    public const string Kind = "tlsrpt";
    public const string ClaimKind = "tlsrpt-claim";

    private const int Page = 500;
    private const int KeptDays = 4;

    /// <summary>Whoever reports has as long as this to do so; then another relay may.</summary>
    private static readonly TimeSpan Claim = TimeSpan.FromMinutes(40);

    /// <summary>Writes what was counted here since the last time.</summary>
    public async ValueTask SaveAsync(CancellationToken cancellationToken)
    {
        // A day that ends meanwhile is written the next time.
        var today = Today;
        var changed = collector.TakeChanged();
        try
        {
            foreach (var page in changed.Chunk(Page)) await records.PutAsync([.. page.Select(Write)], cancellationToken);
        }
        catch
        {
            collector.GiveBack(changed);
            throw;
        }
        collector.TakeBefore(today);
    }

    /// <summary>The days before today, and their domains, for which there is something to report.</summary>
    public async ValueTask<IReadOnlyList<(DateOnly Day, string Domain)>> DueAsync(CancellationToken cancellationToken)
    {
        var due = new SortedSet<(DateOnly Day, string Domain)>();
        string? after = null;
        while (await records.ListAsync(Kind, after, Page, cancellationToken) is { Count: > 0 } page)
        {
            due.UnionWith(page.Select(record => Key(record.Key)).Where(key => key.Day < Today));
            after = page[^1].Key;
        }
        return [.. due];
    }

    /// <summary>What all relays counted, for the one that comes first; null for the others.</summary>
    public async ValueTask<DomainSessions?> ClaimAsync(DateOnly day, string domain, CancellationToken cancellationToken)
    {
        var claim = new SharedRecord(ClaimKind, Prefix(day, domain), ReadOnlyMemory<byte>.Empty, time.GetUtcNow() + Claim);
        if (!await records.TryPutAsync(claim, cancellationToken)) return null;
        var counted = await OfAllRelaysAsync(day, domain, cancellationToken);
        return counted.Count == 0 ? null : Together(day, domain, counted.SelectMany(record => Read(record.Value)));
    }

    /// <summary>It was reported, or nobody wants to know.</summary>
    public async ValueTask ForgetAsync(DateOnly day, string domain, CancellationToken cancellationToken)
        => await records.RemoveAsync(Kind, [.. (await OfAllRelaysAsync(day, domain, cancellationToken)).Select(record => record.Key)], cancellationToken);

    private DateOnly Today => DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);

    private async ValueTask<IReadOnlyList<SharedRecord>> OfAllRelaysAsync(DateOnly day, string domain, CancellationToken cancellationToken)
    {
        var prefix = Prefix(day, domain) + " ";
        return [.. (await records.ListAsync(Kind, prefix, Page, cancellationToken)).TakeWhile(record => record.Key.StartsWith(prefix, StringComparison.Ordinal))];
    }

    private static DomainSessions Together(DateOnly day, string domain, IEnumerable<PolicySessions> counted)
        => new(domain, day, [.. counted.GroupBy(sessions => sessions.Policy).Select(same => new PolicySessions(
            same.Key,
            same.Sum(sessions => sessions.Successes),
            same.Sum(sessions => sessions.Failures),
            [.. same.SelectMany(sessions => sessions.Details)
                .GroupBy(detail => detail.Failure)
                .Select(detail => new CountedFailure(detail.Key, detail.Sum(one => one.Sessions)))
                .OrderByDescending(detail => detail.Sessions)]))]);

    private SharedRecord Write(DomainSessions sessions)
    {
        var policies = sessions.Policies.Select(one => new Policy(one.Policy.Type, one.Policy.Domain, one.Policy.Text, one.Policy.Mx, one.Successes, one.Failures,
            [.. one.Details.Select(detail => new Detail(detail.Failure.Type, detail.Failure.ReceivingMx, detail.Failure.ReceivingHelo, detail.Failure.ReceivingIp?.ToString(), detail.Failure.SendingIp?.ToString(), detail.Failure.Detail, detail.Sessions))]));
        var end = new DateTimeOffset(sessions.Day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero).AddDays(KeptDays);
        return new SharedRecord(Kind, $"{Prefix(sessions.Day, sessions.Domain)} {relay}", JsonSerializer.SerializeToUtf8Bytes(policies), end);
    }

    private static IReadOnlyList<PolicySessions> Read(ReadOnlyMemory<byte> value)
        => [.. (JsonSerializer.Deserialize<Policy[]>(value.Span) ?? []).Select(one => new PolicySessions(
            new ReportedPolicy(one.Type, one.Domain, one.Text, one.Mx), one.Successes, one.Failures,
            [.. one.Details.Select(detail => new CountedFailure(new TlsSessionFailure(detail.Type, detail.Mx, detail.Helo, Address(detail.ReceivingIp), Address(detail.SendingIp), detail.Reason), detail.Sessions))]))];

    private static IPAddress? Address(string? text) => text is null ? null : IPAddress.Parse(text);

    private static string Prefix(DateOnly day, string domain) => $"{day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)} {domain}";

    private static (DateOnly Day, string Domain) Key(string key) => key.Split(' ') is [var day, var domain, ..] ? (DateOnly.ParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture), domain) : (DateOnly.MaxValue, key);

    private sealed record Policy(ReportedPolicyType Type, string Domain, IReadOnlyList<string> Text, IReadOnlyList<string> Mx, long Successes, long Failures, IReadOnlyList<Detail> Details);

    private sealed record Detail(TlsFailure Type, string? Mx, string? Helo, string? ReceivingIp, string? SendingIp, string? Reason, long Sessions);
}
