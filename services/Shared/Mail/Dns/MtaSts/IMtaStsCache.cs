namespace Merpati.Mail.Dns;

/// <summary>A policy that was fetched.</summary>
/// <param name="Domain">Lower case, A-labels.</param>
/// <param name="Id">Of the record that it was fetched for.</param>
public sealed record KnownMtaStsPolicy(string Domain, string Id, MtaStsPolicy Policy, DateTimeOffset FetchedAt)
{
    // For the sake of the domain's web server: a policy of no age at all would be fetched for every message.
    private static readonly TimeSpan ShortestAge = TimeSpan.FromMinutes(1);

    public DateTimeOffset Expires => FetchedAt + (Policy.MaxAge > ShortestAge ? Policy.MaxAge : ShortestAge);
}

/// <summary>
/// Where policies are kept. The protection of RFC 8461 rests on it: who can hide a policy from us only has power over domains that we have not met before, or not for long.
/// </summary>
public interface IMtaStsCache
{
    /// <summary>Null when there is none, or it has expired.</summary>
    ValueTask<KnownMtaStsPolicy?> GetAsync(string domain, CancellationToken cancellationToken);

    ValueTask PutAsync(KnownMtaStsPolicy policy, CancellationToken cancellationToken);

    /// <summary>Those that were fetched before a time, and still hold.</summary>
    ValueTask<IReadOnlyList<KnownMtaStsPolicy>> FetchedBeforeAsync(DateTimeOffset before, CancellationToken cancellationToken);
}
