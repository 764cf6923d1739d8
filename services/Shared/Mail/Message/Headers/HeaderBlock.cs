namespace Merpati.Mail;

/// <summary>One field of a header: the value unfolded, encoded words as they are.</summary>
public readonly record struct HeaderLine(string Name, string Value);

/// <summary>The fields of a header that is in memory.</summary>
public static class HeaderBlock
{
    /// <summary>All fields in order, up to the empty line; what is no field is left out.</summary>
    public static IReadOnlyList<HeaderLine> Fields(ReadOnlySpan<byte> header)
    {
        var fields = new List<HeaderLine>();
        while (!header.IsEmpty)
        {
            var length = FieldLength(header);
            var field = header[..length];
            header = header[length..];
            if (field.TrimEnd("\r\n"u8).IsEmpty) break;
            if (HeaderFields.NameLength(field, out var value) is var name and > 0)
                fields.Add(new HeaderLine(HeaderText.Read(field[..name]), HeaderText.Read(field[value..])));
        }
        return fields;
    }

    /// <summary>Octets of the first field with its continuation lines.</summary>
    internal static int FieldLength(ReadOnlySpan<byte> header)
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
}
