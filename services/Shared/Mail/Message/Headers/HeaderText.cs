using System.Buffers;
using System.Text;
using MimeKit;
using MimeKit.Utils;

namespace Merpati.Mail;

/// <summary>From octets of a header field to text, and from encoded words to what a person reads.</summary>
public static class HeaderText
{
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    // What an unfolded value must not hold: IMAP strings have no NUL, CR or LF (RFC 3501 §4.3).
    private static readonly SearchValues<char> LineControls = SearchValues.Create('\0', '\r', '\n');

    /// <summary>Octets over 127 read as UTF-8 if all of them are valid, else as Latin-1; NUL, CR and LF dropped; blanks at both ends trimmed.</summary>
    public static string Read(ReadOnlySpan<byte> octets)
    {
        var trimmed = octets.Trim(" \t\r\n"u8);
        if (trimmed.IsEmpty) return "";
        var text = Ascii.IsValid(trimmed) ? Encoding.ASCII.GetString(trimmed)
            : System.Text.Unicode.Utf8.IsValid(trimmed) ? StrictUtf8.GetString(trimmed)
            : Encoding.Latin1.GetString(trimmed);
        return text.AsSpan().ContainsAny(LineControls) ? string.Concat(text.Where(c => !LineControls.Contains(c))) : text;
    }

    /// <summary>Decodes encoded words (RFC 2047) of an unfolded value; what is not one stays.</summary>
    public static string Decode(string value)
    {
        if (!value.Contains("=?", StringComparison.Ordinal)) return value;
        Charsets.Register();
        return Rfc2047.DecodeText(ParserOptions.Default, Encoding.UTF8.GetBytes(value));
    }

    /// <summary>As a person finds it: encoded words decoded, and after a value with encoded parameters (RFC 2231) the parameters as they are meant.</summary>
    public static string Decode(string name, string value)
    {
        ArgumentNullException.ThrowIfNull(name);
        var decoded = Decode(value);
        if (!value.Contains('*', StringComparison.Ordinal) || !name.StartsWith("Content-", StringComparison.OrdinalIgnoreCase)) return decoded;
        var parameters = ParameterReader.Read(value, out _);
        return $"{decoded} {string.Join("; ", parameters.Select(parameter => $"{parameter.Name}={parameter.Value}"))}";
    }
}
