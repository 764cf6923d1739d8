using System.Text;

namespace Merpati.Mailboxes;

/// <summary>Text beyond ASCII as encoded words of UTF-8 (RFC 2047), cut between characters. A word is of 60 characters at the most, so that it fits beside the name of a field into a line of 76 (§2).</summary>
public static class EncodedWords
{
    private const string Head = "=?utf-8?";

    /// <summary>Octets of text between <see cref="Head"/>, the letter of the encoding and the end mark.</summary>
    private const int Room = 60 - 12;

    /// <summary>An unstructured text: words that are ASCII stay, so that encoded words in it stay what they are.</summary>
    public static string Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (Ascii.IsValid(text)) return text;
        var words = text.Split(' ');
        var encoded = new StringBuilder(text.Length * 2);
        for (var first = 0; first < words.Length;)
        {
            if (first > 0) encoded.Append(' ');
            if (Ascii.IsValid(words[first]))
            {
                encoded.Append(words[first++]);
                continue;
            }
            var last = first;
            while (last + 1 < words.Length && !Ascii.IsValid(words[last + 1])) last++;
            var run = string.Join(' ', words, first, last - first + 1);
            // The blank between two encoded words does not show (RFC 2047 §6.2): one that shall has to be in a word.
            if (first > 0 && words[first - 1].EndsWith("?=", StringComparison.Ordinal)) run = " " + run;
            if (last + 1 < words.Length && words[last + 1].StartsWith("=?", StringComparison.Ordinal)) run += " ";
            EncodeRun(run, encoded);
            first = last + 1;
        }
        return encoded.ToString();
    }

    /// <summary>A display name or the name of a group, as encoded words in whole where it is not ASCII: what stays of it as it is might read as an address.</summary>
    public static string EncodeName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (Ascii.IsValid(name)) return name;
        var encoded = new StringBuilder(name.Length * 2);
        EncodeRun(name, encoded);
        return encoded.ToString();
    }

    private static void EncodeRun(string text, StringBuilder encoded)
    {
        var octets = Encoding.UTF8.GetBytes(text);
        // Text that is mostly ASCII can be read in its source.
        var quoted = octets.Count(octet => !IsPlain(octet) && octet != ' ') * 3 <= octets.Length;
        for (var start = 0; start < octets.Length;)
        {
            var length = quoted ? QuotedLength(octets.AsSpan(start)) : WholeCharacters(octets.AsSpan(start), Room / 4 * 3);
            if (start > 0) encoded.Append(' ');
            encoded.Append(Head).Append(quoted ? "q?" : "b?");
            if (!quoted) encoded.Append(Convert.ToBase64String(octets, start, length));
            else foreach (var octet in octets.AsSpan(start, length)) AppendQuoted(octet, encoded);
            encoded.Append("?=");
            start += length;
        }
    }

    /// <summary>How many octets fit when quoted.</summary>
    private static int QuotedLength(ReadOnlySpan<byte> octets)
    {
        int length = 0, size = 0;
        while (length < octets.Length && size + (IsPlain(octets[length]) || octets[length] == ' ' ? 1 : 3) is var next && next <= Room)
        {
            size = next;
            length++;
        }
        return WholeCharacters(octets, length);
    }

    /// <summary>No more than <paramref name="most"/> octets, and no part of a character.</summary>
    private static int WholeCharacters(ReadOnlySpan<byte> octets, int most)
    {
        if (octets.Length <= most) return octets.Length;
        while (most > 1 && (octets[most] & 0xC0) == 0x80) most--;
        return most;
    }

    /// <summary>What may stand in the Q encoding in any place, a phrase too (RFC 2047 §5 (3)).</summary>
    private static bool IsPlain(byte octet) => char.IsAsciiLetterOrDigit((char)octet) || octet is (byte)'!' or (byte)'*' or (byte)'+' or (byte)'-' or (byte)'/';

    private static void AppendQuoted(byte octet, StringBuilder encoded)
    {
        if (IsPlain(octet)) encoded.Append((char)octet);
        else if (octet == ' ') encoded.Append('_');
        else encoded.Append('=').Append(octet.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
    }
}
