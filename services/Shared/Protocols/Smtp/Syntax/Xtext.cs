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
}
