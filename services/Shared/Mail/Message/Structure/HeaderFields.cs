using System.Text;

namespace Merpati.Mail;

/// <summary>The header fields that a structure is made of.</summary>
internal enum HeaderField
{
    Date,
    Subject,
    From,
    Sender,
    ReplyTo,
    To,
    Cc,
    Bcc,
    InReplyTo,
    MessageId,
    References,
    ContentType,
    ContentTransferEncoding,
    ContentId,
    ContentDescription,
    ContentDisposition,
    ContentLanguage,
    ContentLocation,
    ContentMd5,
}

/// <summary>
/// Keeps the values of the known fields of one header, unfolded; the first of each name counts, all other fields pass by.
/// Octets kept are bounded for the message as a whole.
/// </summary>
internal sealed class HeaderFields
{
    /// <summary>Octets of header values kept of one message, all its parts together.</summary>
    public const int MaxOctets = 512 * 1024;

    private static readonly byte[][] Names =
    [
        "date"u8.ToArray(), "subject"u8.ToArray(), "from"u8.ToArray(), "sender"u8.ToArray(), "reply-to"u8.ToArray(), "to"u8.ToArray(),
        "cc"u8.ToArray(), "bcc"u8.ToArray(), "in-reply-to"u8.ToArray(), "message-id"u8.ToArray(), "references"u8.ToArray(),
        "content-type"u8.ToArray(), "content-transfer-encoding"u8.ToArray(), "content-id"u8.ToArray(), "content-description"u8.ToArray(),
        "content-disposition"u8.ToArray(), "content-language"u8.ToArray(), "content-location"u8.ToArray(), "content-md5"u8.ToArray(),
    ];

    private readonly (int Start, int Length)[] _values = new (int, int)[Names.Length];
    private byte[] _octets = new byte[2048];
    private int _used;
    private int _budget = MaxOctets;
    private int _current = -1;

    /// <summary>Ready for the header of the next part.</summary>
    public void Clear()
    {
        Array.Clear(_values);
        _used = 0;
        _current = -1;
    }

    /// <summary>A field begins; its value follows by <see cref="Append"/>.</summary>
    public void Begin(ReadOnlySpan<byte> name)
    {
        _current = -1;
        for (var i = 0; i < Names.Length; i++)
        {
            if (Names[i].Length != name.Length || !Ascii.EqualsIgnoreCase(name, Names[i])) continue;
            if (_values[i].Start == 0) _current = i;
            // One more than the offset, so that 0 is "absent".
            if (_current >= 0) _values[i] = (_used + 1, 0);
            return;
        }
    }

    /// <summary>The next octets of the value of the field begun last, without line ends.</summary>
    public void Append(ReadOnlySpan<byte> value)
    {
        if (_current < 0) return;
        if (value.Length > _budget) value = value[.._budget];
        _budget -= value.Length;
        if (_octets.Length < _used + value.Length) Array.Resize(ref _octets, Math.Max(_octets.Length * 2, _used + value.Length));
        value.CopyTo(_octets.AsSpan(_used));
        _used += value.Length;
        _values[_current].Length += value.Length;
    }

    /// <summary>The value as text; null when the field is absent.</summary>
    public string? this[HeaderField field]
        => _values[(int)field] is (> 0 and var start, var length) ? HeaderText.Read(_octets.AsSpan(start - 1, length)) : null;

    /// <summary>As the indexer, but null for an empty value too.</summary>
    public string? NonEmpty(HeaderField field) => this[field] is { Length: > 0 } value ? value : null;

    /// <summary>The length of a field name (RFC 5322 §2.2) at the start of a line, and where its value begins; 0 when the line is no field.</summary>
    public static int NameLength(ReadOnlySpan<byte> line, out int value)
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
