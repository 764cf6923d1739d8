using Merpati.Addresses;

namespace Merpati.Mail.Dns;

/// <summary>Names as we ask DNS for them.</summary>
public static class HostName
{
    // RFC 1035 §2.3.4 counts 255 octets with a length before each label and the root's at the end: 253 characters.
    private const int MaxName = 253;
    private const int MaxLabel = 63;

    /// <summary>Lower case, A-labels, no dot at the end. False for what cannot be a name of a host, a domain or a service (letters, digits, hyphen, underscore).</summary>
    public static bool TryNormalize(string text, out string name)
    {
        name = "";
        if (text.Length > 4 * MaxName) return false;
        if (DomainName.ToAscii(text) is not { Length: > 0 } ascii) return false;
        if (ascii[^1] == '.') ascii = ascii[..^1];
        if (ascii.Length is 0 or > MaxName) return false;
        var label = 0;
        foreach (var c in ascii)
        {
            if (c == '.')
            {
                if (label == 0) return false;
                label = 0;
            }
            else if (!(char.IsAsciiLetterOrDigit(c) || c is '-' or '_') || ++label > MaxLabel)
            {
                return false;
            }
        }
        if (label == 0) return false;
        name = ascii.ToLowerInvariant();
        return true;
    }

    /// <summary>A name that is only digits and dots is an address that someone wrote where a name belongs.</summary>
    public static bool LooksLikeAddress(string name) => name.All(c => char.IsAsciiDigit(c) || c == '.');
}
