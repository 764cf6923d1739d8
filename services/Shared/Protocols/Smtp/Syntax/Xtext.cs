using System.Globalization;
using System.Text;

namespace Merpati.Protocols.Smtp.Syntax;

/// <summary>xtext of RFC 3461 §4: printable ASCII, the rest as <c>+HH</c> in upper case.</summary>
internal static class Xtext
{
    public static bool IsValid(ReadOnlySpan<char> text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is < '!' or > '~' or '=') return false;
            if (text[i] != '+') continue;
            if (i + 2 >= text.Length || !char.IsAsciiHexDigitUpper(text[i + 1]) || !char.IsAsciiHexDigitUpper(text[i + 2])) return false;
            i += 2;
        }
        return true;
    }

    /// <summary>Undoes the encoding of a valid text; octets become characters of Latin-1.</summary>
    public static string Decode(string text)
    {
        if (!text.Contains('+', StringComparison.Ordinal)) return text;
        var decoded = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '+')
            {
                decoded.Append(text[i]);
                continue;
            }
            decoded.Append((char)byte.Parse(text.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
            i += 2;
        }
        return decoded.ToString();
    }
}
