using Merpati.Relaying;
using Microsoft.Extensions.Logging;

namespace Merpati.Mail.Dns;

/// <summary>The policy that holds for a domain now, and what went wrong on the way to it.</summary>
/// <param name="Policy">Null where none holds: the domain has none, or it cannot be had and none is known from before. Its mode may be <see cref="MtaStsMode.None"/>.</param>
/// <param name="Failure">For reports: the domain announces a policy that cannot be had.</param>
public sealed record MtaStsLookup(MtaStsPolicy? Policy, PolicyFetch.Failed? Failure)
{
    public static MtaStsLookup Nothing { get; } = new(null, null);
}

/// <summary>
/// Policies of domains (RFC 8461 §3.3, §5.1): found by the record, fetched when its id is a new one, kept for their time.
/// Neither a record that is gone nor a fetch that fails ends a policy that is known.
/// </summary>
public sealed class MtaStsPolicies(IMailDns dns, IPolicyFetcher fetcher, IMtaStsCache cache, TimeProvider time, ILogger<MtaStsPolicies> logger)
{
    /// <summary>A fetch that failed is not tried again at once (§3.3), for the sake of the domain's web server.</summary>
    private static readonly TimeSpan FailurePause = TimeSpan.FromMinutes(5);

    /// <summary>Policies older than this are fetched again before they expire (§3.3), so that there is no day on which hiding the policy undoes it.</summary>
    private static readonly TimeSpan RefreshAfter = TimeSpan.FromDays(1);

    private readonly BoundedCache<string, FailedFetch> _failures = new(maxEntries: 10_000, maxOctets: 16 * 1024 * 1024);
    private readonly SingleFlight<(string Domain, string Id), MtaStsLookup> _flights = new();

    /// <param name="domain">Of the recipients; an address literal has no policy.</param>
    public async ValueTask<MtaStsLookup> FindAsync(string domain, CancellationToken cancellationToken)
    {
        if (!HostName.TryNormalize(domain, out var name)) return MtaStsLookup.Nothing;
        var known = await cache.GetAsync(name, cancellationToken);
        var record = await RecordAsync(name, cancellationToken);
        if (record is null || record.Id == known?.Id) return new MtaStsLookup(known?.Policy, null);
        var fetched = await FetchOnceAsync(name, record.Id, cancellationToken);
        return fetched.Failure is null ? fetched : fetched with { Policy = known?.Policy };
    }

    /// <summary>Fetches again what is older than a day, for domains to which no mail goes at the moment; to be called about once an hour.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        foreach (var old in await cache.FetchedBeforeAsync(time.GetUtcNow() - RefreshAfter, cancellationToken))
        {
            // Another relay may have been faster.
            if (await cache.GetAsync(old.Domain, cancellationToken) is { } known && known.FetchedAt > old.FetchedAt) continue;
            var record = await RecordAsync(old.Domain, cancellationToken);
            await FetchOnceAsync(old.Domain, record?.Id ?? old.Id, cancellationToken);
        }
    }

    private async ValueTask<MtaStsRecord?> RecordAsync(string domain, CancellationToken cancellationToken)
        => await dns.TextsAsync("_mta-sts." + domain, cancellationToken) is DnsAnswer<string>.Found found ? MtaStsRecord.Find(found.Records) : null;

    private async Task<MtaStsLookup> FetchOnceAsync(string domain, string id, CancellationToken cancellationToken)
    {
        if (_failures.TryGet(domain, time.GetUtcNow(), out var failed) && failed.Id == id) return new MtaStsLookup(null, failed.Failure);
        return await _flights.JoinAsync((domain, id), () => FetchAsync(domain, id), cancellationToken);
    }

    private async Task<MtaStsLookup> FetchAsync(string domain, string id)
    {
        var fetch = await fetcher.FetchAsync(domain, CancellationToken.None);
        if (fetch is PolicyFetch.Fetched fetched)
        {
            if (MtaStsPolicy.Parse(fetched.Text, out var reason) is { } policy)
            {
                await cache.PutAsync(new KnownMtaStsPolicy(domain, id, policy, time.GetUtcNow()), CancellationToken.None);
                return new MtaStsLookup(policy, null);
            }
            fetch = new PolicyFetch.Failed(TlsFailure.StsPolicyInvalid, reason);
        }
        var failure = (PolicyFetch.Failed)fetch;
        logger.PolicyNotFetched(domain, failure.Reason);
        _failures.Put(domain, new FailedFetch(id, failure), time.GetUtcNow() + FailurePause, 300 + 2 * failure.Reason.Length);
        return new MtaStsLookup(null, failure);
    }

    private sealed record FailedFetch(string Id, PolicyFetch.Failed Failure);
}
