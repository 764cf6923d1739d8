using System.Diagnostics.CodeAnalysis;

namespace Merpati.Mail.Dns;

/// <summary>What an administrator says by domain, by <c>.domain</c> for all names below it, or by address literal; the longest that fits counts.</summary>
public class DomainTable<T>
{
    private readonly Dictionary<string, T> _byDomain = new(StringComparer.Ordinal);

    /// <exception cref="FormatException">A key is no domain; <see cref="DomainTable.IsKey"/> comes before.</exception>
    public DomainTable(IEnumerable<KeyValuePair<string, T>> table)
    {
        foreach (var (key, value) in table)
        {
            if (!DomainTable.TryNormalizeKey(key, out var normal)) throw new FormatException($"'{key}' is not a domain; write example.org, .example.org for what is below it, or an address literal.");
            _byDomain[normal] = value;
        }
    }

    public bool TryFind(string domain, [MaybeNullWhen(false)] out T found)
    {
        found = default;
        if (_byDomain.Count == 0 || !DomainTable.TryNormalizeKey(domain, out var name)) return false;
        if (_byDomain.TryGetValue(name, out found)) return true;
        for (var dot = name.IndexOf('.', StringComparison.Ordinal); dot >= 0; dot = name.IndexOf('.', dot + 1))
        {
            if (_byDomain.TryGetValue(name[dot..], out found)) return true;
        }
        return false;
    }
}

/// <summary>The keys of such tables.</summary>
public static class DomainTable
{
    public static bool IsKey(string key) => TryNormalizeKey(key, out _);

    internal static bool TryNormalizeKey(string key, out string normal)
    {
        normal = key.ToLowerInvariant();
        if (key.StartsWith('[') && key.EndsWith(']')) return true;
        var below = key.StartsWith('.');
        if (!HostName.TryNormalize(below ? key[1..] : key, out var name)) return false;
        normal = below ? "." + name : name;
        return true;
    }
}
