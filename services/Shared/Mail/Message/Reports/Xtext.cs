using System.Globalization;
using System.Text;

namespace Merpati.Mail;

/// <summary>The encodings of DSN parameters: xtext (RFC 3461 §4) and the utf-8 address forms (RFC 6533 §3).</summary>
public static class Xtext
{
    /// <summary>Printable ASCII but <c>+</c> and <c>=</c> as it is, all else as <c>+HH</c>.</summary>
    /// <param name="text">ASCII.</param>
    public static string Encode(string text)
    {
        var encoded = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            if (c is > ' ' and < (char)0x7f and not ('+' or '=')) encoded.Append(c);
            else encoded.Append(CultureInfo.InvariantCulture, $"+{(int)c:X2}");
        }
        return encoded.ToString();
    }

    /// <summary>Turns <c>+HH</c> into characters; what is not xtext stays as it is.</summary>
    public static string Decode(string text)
    {
        if (!text.Contains('+', StringComparison.Ordinal)) return text;
        var decoded = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '+' && i + 2 < text.Length && byte.TryParse(text.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var octet))
            {
                decoded.Append((char)octet);
                i += 2;
            }
            else
            {
                decoded.Append(text[i]);
            }
        }
        return decoded.ToString();
    }

    /// <summary>utf-8-addr-xtext: every character outside printable ASCII, and those that xtext or the field syntax need, as <c>\x{HEX}</c>.</summary>
    public static string EncodeUtf8Address(string address)
    {
        var encoded = new StringBuilder(address.Length);
        foreach (var rune in address.EnumerateRunes())
        {
            if (rune.Value is > 0x20 and < 0x7f and not ('\\' or '+' or '=')) encoded.Append((char)rune.Value);
            else encoded.Append(CultureInfo.InvariantCulture, $"\\x{{{rune.Value:X2}}}");
        }
        return encoded.ToString();
    }

    /// <summary>The other way, from either utf-8-addr-xtext or -unitext.</summary>
    public static string DecodeUtf8Address(string text)
    {
        var decoded = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text.AsSpan(i).StartsWith(@"\x{", StringComparison.Ordinal)
                && text.IndexOf('}', i) is var end and > 0
                && int.TryParse(text.AsSpan(i + 3, end - i - 3), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
                && Rune.IsValid(value))
            {
                decoded.Append(new Rune(value).ToString());
                i = end;
            }
            else
            {
                decoded.Append(text[i]);
            }
        }
        return decoded.ToString();
    }
}
