using Merpati.Accounts;
using Merpati.Addresses;

namespace Merpati.UserDirectory.Addresses;

/// <summary>An alias whose local part holds '*', which stands for any characters or none (qmail's <c>.qmail-default</c>, grown a little).</summary>
internal static class Wildcard
{
    private const char Any = '*';

    public static bool IsWildcard(EmailAddress address) => address.LocalPart.Contains(Any, StringComparison.Ordinal);

    /// <summary>The pattern with the most literal characters that matches; of equals the first in order.</summary>
    public static AddressAlias? FindBest(IReadOnlyList<AddressAlias> wildcards, string localPart)
    {
        AddressAlias? best = null;
        var bestLength = -1;
        foreach (var wildcard in wildcards)
        {
            var pattern = wildcard.Address.LocalPart;
            var length = pattern.Length - pattern.AsSpan().Count(Any);
            if (length <= bestLength || !Matches(pattern, localPart)) continue;
            best = wildcard;
            bestLength = length;
        }
        return best;
    }

    /// <summary>In time proportional to the product of both lengths at worst, without recursion: a pattern of stars is no attack.</summary>
    public static bool Matches(ReadOnlySpan<char> pattern, ReadOnlySpan<char> text)
    {
        var (p, t, star, resume) = (0, 0, -1, 0);
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == Any)
            {
                (star, resume) = (p++, t);
            }
            else if (p < pattern.Length && pattern.Slice(p, 1).Equals(text.Slice(t, 1), StringComparison.OrdinalIgnoreCase))
            {
                p++;
                t++;
            }
            else if (star >= 0)
            {
                (p, t) = (star + 1, ++resume);
            }
            else
            {
                return false;
            }
        }
        return pattern[p..].TrimStart(Any).IsEmpty;
    }
}
