using System.Diagnostics.CodeAnalysis;
using Merpati.Mail.Dns;

namespace Merpati.OutboundRelay.Queue;

/// <summary>Something by domain, or by <c>.domain</c> for all names below it; the longest that fits counts.</summary>
internal sealed class DomainTable<T>
{
    private readonly Dictionary<string, T> _byDomain = new(StringComparer.Ordinal);

    /// <param name="entries">With keys of which <see cref="IsKey"/> is true.</param>
    public DomainTable(IEnumerable<KeyValuePair<string, T>> entries)
    {
        foreach (var (key, value) in entries) _byDomain[key.ToLowerInvariant()] = value;
    }

    public static bool IsKey(string key) => TlsPolicyOverrides.IsKey(key);

    /// <param name="domain">A-labels, lower case.</param>
    public bool TryFind(string domain, [MaybeNullWhen(false)] out T found)
    {
        found = default;
        if (_byDomain.Count == 0) return false;
        if (_byDomain.TryGetValue(domain, out found)) return true;
        for (var dot = domain.IndexOf('.', StringComparison.Ordinal); dot >= 0; dot = domain.IndexOf('.', dot + 1))
        {
            if (_byDomain.TryGetValue(domain[dot..], out found)) return true;
        }
        return false;
    }
}
