namespace Merpati.Mail.Dns;

/// <summary>What an administrator decides for a destination.</summary>
public enum TlsPolicyLevel
{
    /// <summary>Never TLS.</summary>
    None = 0,

    /// <summary>TLS where it is offered, without DANE and MTA-STS.</summary>
    May = 1,

    /// <summary>TLS or nothing.</summary>
    Encrypt = 2,

    /// <summary>TLS with a certificate for the host's own name or one of those given.</summary>
    Verify = 3,

    /// <summary>DANE or nothing (RFC 8460 <c>dane-required</c>).</summary>
    Dane = 4,
}

/// <param name="Level">What must be.</param>
/// <param name="Names">For <see cref="TlsPolicyLevel.Verify"/>: names that the certificate may be for; none means the name of the host, which only means something where the MX records can be trusted.</param>
public sealed record TlsPolicyOverride(TlsPolicyLevel Level, IReadOnlyList<string> Names)
{
    public TlsPolicyOverride(TlsPolicyLevel level)
        : this(level, []) { }
}

/// <summary>The override table.</summary>
/// <exception cref="FormatException">A key is no domain.</exception>
public sealed class TlsPolicyOverrides(IEnumerable<KeyValuePair<string, TlsPolicyOverride>> table) : DomainTable<TlsPolicyOverride>(table)
{
    public static TlsPolicyOverrides Empty { get; } = new([]);
}
