namespace Merpati.Mail.Auth;

/// <summary>The header of a message as raw fields: what signatures are made over.</summary>
public static class RawHeader
{
    /// <summary>Everything in order: the fields, and with a name of no length each line that is none.</summary>
    /// <param name="header">Without the empty line, or with it.</param>
    public static IReadOnlyList<RawField> Pieces(ReadOnlyMemory<byte> header)
    {
        var pieces = new List<RawField>();
        while (!header.IsEmpty)
        {
            var length = FieldLength(header.Span);
            var octets = header[..length];
            header = header[length..];
            if (!octets.Span.TrimEnd("\r\n"u8).IsEmpty) pieces.Add(new RawField(octets, NameLength(octets.Span, out var value), value));
        }
        return pieces;
    }

    /// <summary>All fields in order. A line that is neither a field nor the continuation of one (an mbox "From " line) is left out.</summary>
    /// <param name="header">Without the empty line, or with it.</param>
    public static IReadOnlyList<RawField> Fields(ReadOnlyMemory<byte> header) => [.. Pieces(header).Where(piece => piece.NameLength > 0)];

    /// <summary>Octets of the first line with its continuation lines.</summary>
    private static int FieldLength(ReadOnlySpan<byte> header)
    {
        var at = 0;
        while (true)
        {
            var end = header[at..].IndexOf((byte)'\n');
            if (end < 0) return header.Length;
            at += end + 1;
            if (at >= header.Length || header[at] is not ((byte)' ' or (byte)'\t')) return at;
        }
    }

    private static int NameLength(ReadOnlySpan<byte> line, out int value)
    {
        value = 0;
        var length = 0;
        while (length < line.Length && line[length] is > (byte)' ' and < 0x7f and not (byte)':') length++;
        var colon = length;
        // Blanks before the colon are obsolete (RFC 5322 §4.5) and met.
        while (colon < line.Length && line[colon] is (byte)' ' or (byte)'\t') colon++;
        if (length == 0 || colon >= line.Length || line[colon] != ':') return 0;
        value = colon + 1;
        return length;
    }
}
