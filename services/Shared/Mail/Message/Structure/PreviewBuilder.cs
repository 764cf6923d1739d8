using System.Buffers;
using System.Text;
using Merpati.Mailboxes;

namespace Merpati.Mail;

/// <summary>
/// Takes the first words of the first text part that has any, plain text before HTML (RFC 8970 §3). Looks at the beginning of a part only.
/// </summary>
internal sealed class PreviewBuilder : IDisposable
{
    public const int MaxLength = 200;

    /// <summary>Enough for 200 characters in any transfer encoding.</summary>
    private const int PlainOctets = 2 * 1024;

    /// <summary>HTML begins with its style sheets.</summary>
    private const int HtmlOctets = 16 * 1024;

    private const int PieceOctets = 512;

    private byte[]? _octets;
    private int _used;
    private int _room;
    private OpenPart? _part;
    private bool _isPlain;

    /// <summary>One line, up to <see cref="MaxLength"/> characters.</summary>
    public string Text { get; private set; } = "";

    public void BeginPart(OpenPart part)
    {
        var description = part.Description;
        if (_isPlain || description.Type != "text" || part.InAttachedMessage) return;
        if (description.Disposition is { } disposition && disposition.Equals("attachment", StringComparison.OrdinalIgnoreCase)) return;
        if (Text.Length > 0 && description.Subtype != "plain") return;
        _part = part;
        _used = 0;
        _room = description.Subtype == "plain" ? PlainOctets : HtmlOctets;
    }

    public void Append(ReadOnlySpan<byte> octets)
    {
        if (_part is null || _used >= _room) return;
        _octets ??= ArrayPool<byte>.Shared.Rent(HtmlOctets);
        octets = octets[..Math.Min(octets.Length, _room - _used)];
        octets.CopyTo(_octets.AsSpan(_used));
        _used += octets.Length;
    }

    public void EndPart()
    {
        if (_part is null) return;
        if (_used > 0 && FirstLine(_part.Description) is { Length: > 0 } text)
        {
            Text = text;
            _isPlain = _part.Description.Subtype == "plain";
        }
        _part = null;
    }

    public void Dispose()
    {
        if (_octets is null) return;
        ArrayPool<byte>.Shared.Return(_octets);
        _octets = null;
    }

    /// <summary>Decodes a piece after the other, until there is enough.</summary>
    private string FirstLine(BodyPart description)
    {
        var text = new PartText(description);
        var line = new StringBuilder(MaxLength);
        var blank = false;
        for (var at = 0; at < _used; at += PieceOctets)
        {
            var count = Math.Min(PieceOctets, _used - at);
            if (!Append(line, text.Decode(_octets!, at, count, last: at + count == _used && _used < _room).Span, ref blank)) break;
        }
        return line.ToString();
    }

    /// <summary>False when the line is full.</summary>
    private static bool Append(StringBuilder line, ReadOnlySpan<char> text, ref bool blank)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (Rune.IsWhiteSpace(rune) || Rune.IsControl(rune) || IsInvisible(rune))
            {
                blank = line.Length > 0;
                continue;
            }
            if (line.Length + (blank ? 1 : 0) + rune.Utf16SequenceLength > MaxLength) return false;
            if (blank) line.Append(' ');
            blank = false;
            line.Append(rune.ToString());
        }
        return true;
    }

    /// <summary>Byte order mark, soft hyphen and the joiners that fill the previews of newsletters.</summary>
    private static bool IsInvisible(Rune rune) => rune.Value is 0xfeff or 0x00ad or 0x034f or (>= 0x200b and <= 0x200f);
}
