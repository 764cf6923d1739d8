using System.Globalization;

namespace Merpati.Tests.EndToEnd;

/// <summary>A message as the server gives it to a client that trusts nothing but FETCH.</summary>
/// <param name="Flags">With keywords, sorted; without \Recent.</param>
/// <param name="Text">Its octets as Latin-1, with CRLF.</param>
public sealed record StoredMail(uint Uid, string Flags, string Text)
{
    /// <summary>Reads <c>* n FETCH (UID n FLAGS (…) BODY[] {n} …)</c>.</summary>
    public static StoredMail Parse(string response)
    {
        var literal = response.IndexOf("}\r\n", StringComparison.Ordinal);
        var size = response.LastIndexOf('{', literal);
        var text = response.Substring(literal + 3, int.Parse(response.AsSpan(size + 1, literal - size - 1), CultureInfo.InvariantCulture));
        var items = response[..size] + response[(literal + 3 + text.Length)..];
        var flags = Between(items, "FLAGS (", ")").Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(flag => flag != "\\Recent").Order(StringComparer.Ordinal);
        return new StoredMail(uint.Parse(Between(items, "UID ", " "), CultureInfo.InvariantCulture), string.Join(' ', flags), text);
    }

    private static string Between(string text, string before, string after)
    {
        var start = text.IndexOf(before, StringComparison.Ordinal) + before.Length;
        return text[start..text.IndexOf(after, start, StringComparison.Ordinal)];
    }
}
