using System.Diagnostics.CodeAnalysis;
using Merpati.Relaying;

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

/// <summary>The override table: a domain, or <c>.domain</c> for all names below it; the longest that fits counts.</summary>
public sealed class TlsPolicyOverrides
{
    private readonly Dictionary<string, TlsPolicyOverride> _byDomain = new(StringComparer.Ordinal);

    /// <exception cref="FormatException">A key is no domain.</exception>
    public TlsPolicyOverrides(IEnumerable<KeyValuePair<string, TlsPolicyOverride>> table)
    {
        foreach (var (key, value) in table)
        {
            if (!TryNormalizeKey(key, out var normal)) throw new FormatException($"'{key}' is not a domain; write example.org, .example.org for what is below it, or an address literal.");
            _byDomain[normal] = value;
        }
    }

    public static TlsPolicyOverrides Empty { get; } = new([]);

    public static bool IsKey(string key) => TryNormalizeKey(key, out _);

    public bool TryFind(string domain, [MaybeNullWhen(false)] out TlsPolicyOverride found)
    {
        found = null;
        if (_byDomain.Count == 0 || !TryNormalizeKey(domain, out var name)) return false;
        if (_byDomain.TryGetValue(name, out found)) return true;
        for (var dot = name.IndexOf('.', StringComparison.Ordinal); dot >= 0; dot = name.IndexOf('.', dot + 1))
        {
            if (_byDomain.TryGetValue(name[dot..], out found)) return true;
        }
        return false;
    }

    private static bool TryNormalizeKey(string key, out string normal)
    {
        normal = key.ToLowerInvariant();
        if (key.StartsWith('[') && key.EndsWith(']')) return true;
        var below = key.StartsWith('.');
        if (!HostName.TryNormalize(below ? key[1..] : key, out var name)) return false;
        normal = below ? "." + name : name;
        return true;
    }
}
