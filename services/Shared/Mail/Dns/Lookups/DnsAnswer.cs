namespace Merpati.Mail.Dns;

/// <summary>What DNS says to a question. Whatever DNS does is one of these; none of it is an exception.</summary>
public abstract record DnsAnswer<T>
{
    private DnsAnswer() { }

    /// <param name="Name">The owner of the records: the name that was asked for, or where its aliases lead. Lower case, A-labels, no dot at the end.</param>
    /// <param name="Records">At least one.</param>
    /// <param name="Secure">A resolver that we trust has validated all of it, aliases included (RFC 4035 §3.2.3).</param>
    /// <param name="Expires">The shortest time to live of what led here.</param>
    public sealed record Found(string Name, IReadOnlyList<T> Records, bool Secure, DateTimeOffset Expires) : DnsAnswer<T>;

    /// <summary>The name exists, but has no such records (RFC 2308 §2.2).</summary>
    public sealed record NoData(string Name, bool Secure, DateTimeOffset Expires) : DnsAnswer<T>;

    /// <summary>There is no such name (NXDOMAIN), or no name could be so.</summary>
    public sealed record NoSuchName(bool Secure, DateTimeOffset Expires) : DnsAnswer<T>;

    /// <summary>No answer now: no resolver replied, the reply was a failure (also that of a validation), it made no sense, or the aliases do not end.</summary>
    public sealed record Temporary(string Reason) : DnsAnswer<T>;
}
