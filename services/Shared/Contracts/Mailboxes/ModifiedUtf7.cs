using System.Text;

namespace Merpati.Mailboxes;

/// <summary>The encoding of mailbox names (RFC 3501 §5.1.3): printable ASCII as it is, '&amp;' as "&amp;-", the rest as base64 of UTF-16BE between '&amp;' and '-'.</summary>
public static class ModifiedUtf7
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

    public static string Encode(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var encoded = new StringBuilder(name.Length + 8);
        for (var i = 0; i < name.Length;)
        {
            var c = name[i];
            if (c == '&')
            {
                encoded.Append("&-");
                i++;
            }
            else if (IsPrintable(c))
            {
                encoded.Append(c);
                i++;
            }
            else
            {
                encoded.Append('&');
                int bits = 0, held = 0;
                for (; i < name.Length && !IsPrintable(name[i]); i++)
                {
                    bits = (bits << 16) | name[i];
                    held += 16;
                    while (held >= 6)
                    {
                        held -= 6;
                        encoded.Append(Alphabet[(bits >> held) & 63]);
                    }
                    bits &= (1 << held) - 1;
                }
                if (held > 0) encoded.Append(Alphabet[(bits << (6 - held)) & 63]);
                encoded.Append('-');
            }
        }
        return encoded.ToString();
    }

    /// <summary>Null for anything but the one canonical encoding of a name, so that no mailbox has two names on the wire.</summary>
    public static string? TryDecode(ReadOnlySpan<byte> encoded)
    {
        var name = new StringBuilder(encoded.Length);
        for (var i = 0; i < encoded.Length; i++)
        {
            if (!IsPrintable((char)encoded[i])) return null;
            if (encoded[i] != (byte)'&')
            {
                name.Append((char)encoded[i]);
                continue;
            }
            var end = encoded[i..].IndexOf((byte)'-');
            if (end < 0) return null;
            if (end == 1) name.Append('&');
            else if (!TryDecodeShift(encoded.Slice(i + 1, end - 1), name)) return null;
            i += end;
        }
        var text = name.ToString();
        var canonical = Encode(text);
        return canonical.Length == encoded.Length && Ascii.Equals(encoded, canonical) ? text : null;
    }

    private static bool TryDecodeShift(ReadOnlySpan<byte> base64, StringBuilder name)
    {
        int bits = 0, held = 0;
        foreach (var octet in base64)
        {
            var value = Alphabet.IndexOf((char)octet, StringComparison.Ordinal);
            if (value < 0) return false;
            bits = ((bits << 6) | value) & 0xFFFFFF;
            held += 6;
            if (held < 16) continue;
            held -= 16;
            name.Append((char)((bits >> held) & 0xFFFF));
        }
        return true;
    }

    private static bool IsPrintable(char c) => c is >= ' ' and <= '~';
}
