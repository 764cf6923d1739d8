namespace Merpati.Relaying;

/// <summary>
/// What the connection to one host of a destination must be. It is decided before the connection is made and carried out by the SMTP client;
/// where it cannot be had, the host is left alone and the mail waits.
/// </summary>
public abstract record TlsPolicy
{
    private TlsPolicy() { }

    /// <summary>Never TLS, even if it is offered: only where an administrator says so.</summary>
    public sealed record None : TlsPolicy;

    /// <summary>TLS where it is offered, whatever the certificate (RFC 7435); clear text where it is not, or where it fails.</summary>
    public sealed record Opportunistic : TlsPolicy;

    /// <summary>TLS or nothing, whatever the certificate.</summary>
    public sealed record Encrypt : TlsPolicy;

    /// <summary>TLS with a certificate that an authority of the system's trust store issued for one of these names (RFC 9525; a wildcard stands for one label).</summary>
    /// <param name="Names">A-labels, lower case. The first is the server name that we ask for (SNI).</param>
    public sealed record Verified(IReadOnlyList<string> Names) : TlsPolicy;

    /// <summary>TLS with a certificate that matches one of these records (RFC 7672); the system's trust store and the dates do not matter for usage 3.</summary>
    /// <param name="Records">All usable ones, at least one: usage 2 or 3, and of each usage and selector only the strongest digest (RFC 7671 §9).</param>
    /// <param name="Names">For usage 2 the certificate must be for one of these (RFC 7672 §3.2.2). The first is the TLSA base domain, the server name that we ask for (§8.1).</param>
    public sealed record Dane(IReadOnlyList<TlsaRecord> Records, IReadOnlyList<string> Names) : TlsPolicy;
}

/// <summary>Who asked for a <see cref="TlsPolicy"/>.</summary>
public enum TlsPolicySource
{
    /// <summary>Nobody: opportunistic TLS.</summary>
    Default = 0,

    /// <summary>The administrator.</summary>
    Override = 1,

    /// <summary>TLSA records of the host (RFC 7672).</summary>
    Dane = 2,

    /// <summary>The MTA-STS policy of the domain (RFC 8461).</summary>
    Sts = 3,

    /// <summary>The sender of the message (RFC 8689).</summary>
    RequireTls = 4,
}
