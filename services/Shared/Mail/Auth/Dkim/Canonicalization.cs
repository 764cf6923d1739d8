using System.Buffers;

namespace Merpati.Mail.Auth;

/// <summary>How much a signature forgives (RFC 6376 §3.4).</summary>
public enum Canonicalization
{
    Simple,
    Relaxed,
}

/// <summary>Header fields in the form in which they are signed (RFC 6376 §3.4.1, §3.4.2).</summary>
internal static class CanonicalHeader
{
    /// <summary>Writes the field with its CRLF. A lone LF at the end of a line counts as CRLF, as it will when it travels.</summary>
    public static void Write(RawField field, Canonicalization canonicalization, IBufferWriter<byte> to)
    {
        if (canonicalization == Canonicalization.Simple) WriteSimple(field.Octets.Span, to);
        else WriteRelaxed(field.Name, field.Value, to);
        to.Write("\r\n"u8);
    }

    /// <summary>Writes the field of a signature without the value of its <c>b=</c> and without the CRLF (RFC 6376 §3.7).</summary>
    public static void WriteSignature(RawField field, Canonicalization canonicalization, IBufferWriter<byte> to)
    {
        var (start, length) = SignatureValue(field.Value);
        start += field.ValueStart;
        var octets = field.Octets.Span;
        byte[] without = [.. octets[..start], .. octets[(start + length)..]];
        if (canonicalization == Canonicalization.Simple) WriteSimple(without, to);
        else WriteRelaxed(field.Name, without.AsSpan(field.ValueStart), to);
    }

    /// <summary>Where the value of the <c>b</c> tag lies, with all its white space; nothing when there is no such tag.</summary>
    private static (int Start, int Length) SignatureValue(ReadOnlySpan<byte> value)
    {
        value = value.TrimEnd("\r\n"u8);
        var start = 0;
        while (start <= value.Length)
        {
            var tag = value[start..];
            var end = tag.IndexOf((byte)';');
            if (end >= 0) tag = tag[..end];
            var equals = tag.IndexOf((byte)'=');
            if (equals >= 0 && tag[..equals].Trim(" \t\r\n"u8).SequenceEqual("b"u8)) return (start + equals + 1, tag.Length - equals - 1);
            if (end < 0) break;
            start += end + 1;
        }
        return (0, 0);
    }

    private static void WriteSimple(ReadOnlySpan<byte> octets, IBufferWriter<byte> to)
    {
        octets = TrimLineEnd(octets);
        while (octets.IndexOf((byte)'\n') is var end and >= 0)
        {
            to.Write(TrimLineEnd(octets[..(end + 1)]));
            to.Write("\r\n"u8);
            octets = octets[(end + 1)..];
        }
        to.Write(octets);
    }

    private static void WriteRelaxed(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, IBufferWriter<byte> to)
    {
        var room = to.GetSpan(name.Length + value.Length + 1);
        var written = 0;
        foreach (var octet in name) room[written++] = octet is >= (byte)'A' and <= (byte)'Z' ? (byte)(octet | 0x20) : octet;
        room[written++] = (byte)':';
        var begun = false;
        var blank = false;
        foreach (var octet in value)
        {
            switch (octet)
            {
                case (byte)' ' or (byte)'\t':
                    blank = true;
                    break;
                case (byte)'\r' or (byte)'\n':
                    break;
                default:
                    if (blank && begun) room[written++] = (byte)' ';
                    room[written++] = octet;
                    (begun, blank) = (true, false);
                    break;
            }
        }
        to.Advance(written);
    }

    private static ReadOnlySpan<byte> TrimLineEnd(ReadOnlySpan<byte> line)
        => line switch
        {
            [.., (byte)'\r', (byte)'\n'] => line[..^2],
            [.., (byte)'\n'] => line[..^1],
            _ => line,
        };
}
