using System.Globalization;
using System.Net;
using System.Text;

namespace Merpati.Addresses;

/// <summary>The Mailbox production of RFC 5321 §4.1.2 with the UTF-8 widening of RFC 6531 §3.3.</summary>
internal static class AddressParser
{
    // RFC 5321 §4.5.3.1.1 and §4.5.3.1.2, in octets.
    private const int MaxLocalPart = 64;
    private const int MaxDomain = 255;

    public static bool TryParse(string? text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out EmailAddress? address)
    {
        address = null;
        if (string.IsNullOrEmpty(text)) return false;
        if (!TryReadLocalPart(text, out var localPart, out var at)) return false;
        var domain = text[(at + 1)..];
        if (Encoding.UTF8.GetByteCount(localPart) is 0 or > MaxLocalPart) return false;
        if (!IsDomain(domain)) return false;
        address = new EmailAddress(localPart, domain);
        return true;
    }

    public static string QuoteLocalPart(string localPart)
    {
        if (IsDotString(localPart)) return localPart;
        var quoted = new StringBuilder("\"");
        foreach (var c in localPart)
        {
            if (c is '"' or '\\') quoted.Append('\\');
            quoted.Append(c);
        }
        return quoted.Append('"').ToString();
    }

    private static bool TryReadLocalPart(string text, out string localPart, out int at)
    {
        localPart = "";
        at = -1;
        if (text[0] != '"')
        {
            at = text.IndexOf('@', StringComparison.Ordinal);
            if (at <= 0) return false;
            localPart = text[..at];
            return IsDotString(localPart);
        }
        var unquoted = new StringBuilder();
        var i = 1;
        for (; i < text.Length && text[i] != '"'; i++)
        {
            var c = text[i];
            if (c == '\\')
            {
                if (++i >= text.Length) return false;
                c = text[i];
            }
            if (c < ' ' || c == 0x7f) return false;
            unquoted.Append(c);
        }
        at = i + 1;
        if (at >= text.Length || text[at] != '@') return false;
        localPart = unquoted.ToString();
        return true;
    }

    private static bool IsDotString(string text)
    {
        if (text.Length == 0 || text[0] == '.' || text[^1] == '.' || text.Contains("..", StringComparison.Ordinal)) return false;
        foreach (var c in text)
        {
            if (c == '.') continue;
            if (c > 0x7f ? char.IsControl(c) || char.IsWhiteSpace(c) || IsLoneSurrogate(text) : !IsAtomText(c)) return false;
        }
        return true;
    }

    private static bool IsLoneSurrogate(string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune == Rune.ReplacementChar) return true;
        }
        return false;
    }

    private static bool IsAtomText(char c) => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-/=?^_`{|}~".Contains(c, StringComparison.Ordinal);

    private static bool IsDomain(string domain)
    {
        if (domain.Length == 0 || Encoding.UTF8.GetByteCount(domain) > MaxDomain) return false;
        if (domain[0] == '[') return IsAddressLiteral(domain);
        foreach (var label in domain.TrimEnd('.').Split('.'))
        {
            if (label.Length is 0 or > 63 || label[0] == '-' || label[^1] == '-') return false;
            foreach (var c in label)
            {
                if (c > 0x7f ? char.GetUnicodeCategory(c) is UnicodeCategory.Control or UnicodeCategory.SpaceSeparator or UnicodeCategory.Format : !(char.IsAsciiLetterOrDigit(c) || c is '-' or '_')) return false;
            }
        }
        return domain[^1] != '.' || domain.Length > 1 && domain[^2] != '.';
    }

    private static bool IsAddressLiteral(string domain)
    {
        if (domain[^1] != ']') return false;
        var inner = domain[1..^1];
        return inner.StartsWith("IPv6:", StringComparison.OrdinalIgnoreCase)
            ? IPAddress.TryParse(inner[5..], out var six) && six.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6
            : inner.Count(c => c == '.') == 3 && IPAddress.TryParse(inner, out var four) && four.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork;
    }
}
