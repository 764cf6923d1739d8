namespace Merpati.Protocols.Imap;

/// <summary>HEADER.FIELDS and HEADER.FIELDS.NOT: the lines of a header whose field is named, or is not, with the empty line after them (RFC 3501 §6.4.5).</summary>
internal static class HeaderFieldFilter
{
    /// <param name="header">Whole lines; a folded line begins with a space or tab and belongs to the field above it.</param>
    /// <returns>How many octets of <paramref name="kept"/>, which is as long as the header and two more, were filled.</returns>
    public static int Filter(ReadOnlySpan<byte> header, IReadOnlyList<string> fields, bool keepNamed, Span<byte> kept)
    {
        var length = 0;
        var keep = false;
        while (header.Length > 0)
        {
            var lineBreak = header.IndexOf((byte)'\n');
            var line = lineBreak < 0 ? header : header[..(lineBreak + 1)];
            header = header[line.Length..];
            if (line is [(byte)'\n'] or [(byte)'\r', (byte)'\n']) break;
            if (line[0] is not ((byte)' ' or (byte)'\t')) keep = IsNamed(line, fields) == keepNamed;
            if (!keep) continue;
            line.CopyTo(kept[length..]);
            length += line.Length;
        }
        "\r\n"u8.CopyTo(kept[length..]);
        return length + 2;
    }

    private static bool IsNamed(ReadOnlySpan<byte> line, IReadOnlyList<string> fields)
    {
        var colon = line.IndexOf((byte)':');
        if (colon < 0) return false;
        var name = line[..colon].TrimEnd(" \t"u8);
        for (var i = 0; i < fields.Count; i++)
        {
            if (name.Length == fields[i].Length && System.Text.Ascii.EqualsIgnoreCase(name, fields[i])) return true;
        }
        return false;
    }
}
