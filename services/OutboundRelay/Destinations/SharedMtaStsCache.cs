using System.Text;
using Merpati.Mail.Dns;
using Merpati.OutboundRelay.Queue;
using Merpati.Storage;

namespace Merpati.OutboundRelay.Destinations;

/// <summary>
/// Policies in the store, for all relays and past their end: whoever can hide a policy from us must not win by waiting for a restart (RFC 8461 §5.1, §10.2).
/// What was read is believed for a short while, so that mail does not ask the store each time; that a domain has none, too.
/// </summary>
internal sealed class SharedMtaStsCache(ISharedRecords records, TimeProvider time, int kept) : IMtaStsCache
{
    public const string Kind = "mta-sts";

    private const int Page = 500;

    /// <summary>Another relay may have fetched a newer one since.</summary>
    private static readonly TimeSpan Believed = TimeSpan.FromMinutes(1);

    private readonly BoundedCache<string, Known> _recent = new(kept, 64 * 1024 * 1024);

    public async ValueTask<KnownMtaStsPolicy?> GetAsync(string domain, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (_recent.TryGet(domain, now, out var known)) return known.Policy is { } policy && policy.Expires > now ? policy : null;
        var record = await records.FindAsync(Kind, domain, cancellationToken);
        return Remember(domain, record is null ? null : Read(record));
    }

    public async ValueTask PutAsync(KnownMtaStsPolicy policy, CancellationToken cancellationToken)
    {
        await records.PutAsync([Write(policy)], cancellationToken);
        Remember(policy.Domain, policy);
    }

    public async ValueTask<IReadOnlyList<KnownMtaStsPolicy>> FetchedBeforeAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        var found = new List<KnownMtaStsPolicy>();
        string? after = null;
        while (await records.ListAsync(Kind, after, Page, cancellationToken) is { Count: > 0 } page)
        {
            found.AddRange(page.Select(Read).OfType<KnownMtaStsPolicy>().Where(policy => policy.FetchedAt < before));
            after = page[^1].Key;
        }
        return found;
    }

    private KnownMtaStsPolicy? Remember(string domain, KnownMtaStsPolicy? policy)
    {
        var octets = 300 + (policy?.Policy.Lines.Sum(line => 120L + 4 * line.Length) ?? 0);
        _recent.Put(domain, new Known(policy), time.GetUtcNow() + Believed, octets);
        return policy;
    }

    /// <summary>The id of the record, when it was fetched, and the policy as it was.</summary>
    private static SharedRecord Write(KnownMtaStsPolicy policy)
    {
        var text = $"{policy.Id}\n{RecordedTime.Write(policy.FetchedAt)}\n{string.Join('\n', policy.Policy.Lines)}";
        return new SharedRecord(Kind, policy.Domain, Encoding.UTF8.GetBytes(text), policy.Expires);
    }

    /// <summary>Null for what a later version has written in another form: it is fetched anew.</summary>
    private static KnownMtaStsPolicy? Read(SharedRecord record)
    {
        if (Encoding.UTF8.GetString(record.Value.Span).Split('\n', 3) is not [var id, var fetched, var text]) return null;
        if (RecordedTime.Read(fetched) is not { } at) return null;
        return MtaStsPolicy.Parse(text, out _) is { } policy ? new KnownMtaStsPolicy(record.Key, id, policy, at) : null;
    }

    private sealed record Known(KnownMtaStsPolicy? Policy);
}
