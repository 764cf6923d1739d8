namespace Merpati.SmtpIngress.Door;

/// <summary>What is counted. The numbers may be stored: never change them.</summary>
public enum RateKind
{
    Connections = 0,
    Messages = 1,
    Recipients = 2,
    UnknownRecipients = 3,
}

/// <summary>Whose bucket it is.</summary>
/// <param name="Prefix">An IPv4 address, or the /64 of an IPv6 address: what one customer of a provider has.</param>
public readonly record struct RateKey(RateKind Kind, UInt128 Prefix);

/// <summary>A bucket that holds <paramref name="Tokens"/>, is full at first and fills up in <paramref name="Per"/>.</summary>
public readonly record struct RateLimit(int Tokens, TimeSpan Per);

/// <summary>
/// Token buckets. Each call is atomic for its bucket; a bucket that was full again may be forgotten. In memory they hold for one process;
/// an implementation over a store holds for all pods, and may fail: whoever asks goes on without a limit then.
/// </summary>
public interface IRateBuckets
{
    /// <summary>Takes so many tokens, all or none; 0 takes none and asks whether there is one.</summary>
    /// <returns>Null when they were there; else how long until they will be.</returns>
    ValueTask<TimeSpan?> TakeAsync(RateKey key, RateLimit limit, int tokens, CancellationToken cancellationToken);
}
