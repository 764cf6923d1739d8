using System.Buffers;
using System.Text;
using Merpati.Mailboxes;

namespace Merpati.Mail;

/// <summary>
/// Computes the <see cref="MessageStructure"/> of a message in one pass over its octets, whatever they are: nothing is refused, nothing throws,
/// memory is bounded (a line buffer, the kept header values, the tree) and time is linear.
/// The octets are pushed: ask for room with <see cref="GetMemory"/>, fill it, say how much with <see cref="Advance"/>, end with <see cref="Complete"/>.
/// </summary>
/// <remarks>
/// A line ends in LF or CRLF. A boundary is a line of its own, blanks at its end aside (RFC 2046 §5.1.1), and the innermost open multipart that
/// knows it takes it; so a boundary that begins like another is no trouble. A header ends at an empty line, at a boundary, or before the first
/// line that is neither a field nor a continuation.
/// </remarks>
public sealed class MessageStructureBuilder : IDisposable
{
    /// <summary>Levels of nesting; a multipart or message below is one opaque part.</summary>
    public const int MaxDepth = 100;

    /// <summary>Parts of a message; what follows in a multipart is one opaque part.</summary>
    public const int MaxParts = 10_000;

    private const int BufferSize = 32 * 1024;

    /// <summary>A line that long is taken in pieces.</summary>
    private const int MaxWholeLine = BufferSize / 2;

    /// <summary>A longer line is no boundary.</summary>
    private const int MaxBoundaryLine = 1000;

    private const int NeedMore = -1;

    private readonly HeaderFields _header = new();
    private readonly PreviewBuilder _preview = new();
    private readonly HeaderDowngrades _downgrades = new();
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
    private int _start;
    private int _end;

    /// <summary>Of the octet at <see cref="_start"/>.</summary>
    private long _offset;
    private long _lines;

    /// <summary>Offset of the last line break, its CR if it has one.</summary>
    private long _lineBreak;
    private bool _lineStart = true;

    private OpenPart _top;
    private bool _inHeader = true;
    private bool _fieldSeen;
    private int _boundaries;
    private int _parts = 1;
    private BodyPart? _root;

    private MessageEnvelope? _envelope;
    private IReadOnlyList<string> _references = [];
    private int _repliesOnly;

    public MessageStructureBuilder() => _top = new OpenPart(null, 0);

    /// <summary>Reads the stream to its end.</summary>
    public static async ValueTask<MessageStructure> BuildAsync(Stream content, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(content);
        using var builder = new MessageStructureBuilder();
        while (await content.ReadAsync(builder.GetMemory(), cancellationToken) is var read and > 0) builder.Advance(read);
        return builder.Complete();
    }

    /// <summary>Room for the next octets, several kilobytes at least.</summary>
    public Memory<byte> GetMemory()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }
        return _buffer.AsMemory(_end);
    }

    /// <summary>The first <paramref name="count"/> octets of <see cref="GetMemory"/> are the next of the message.</summary>
    public void Advance(int count)
    {
        _end += count;
        Scan(final: false);
    }

    /// <summary>The message ends here.</summary>
    public MessageStructure Complete()
    {
        Scan(final: true);
        if (_inHeader) EndHeader(_offset);
        while (_root is null) CloseTop(_offset, _lines);
        return new MessageStructure
        {
            Envelope = _envelope!,
            Root = _root,
            Preview = _preview.Text,
            References = _references,
            RepliesOnly = _repliesOnly,
            SentDate = EnvelopeReader.SentDate(_envelope!.Date),
            Downgrades = _downgrades.All,
        };
    }

    public void Dispose()
    {
        if (_buffer.Length == 0) return;
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        _preview.Dispose();
    }

    private void Scan(bool final)
    {
        while (_start < _end)
        {
            var window = _buffer.AsSpan(_start, _end - _start);
            var taken = _inHeader ? ScanHeaderLine(window, final) : ScanBody(window, final);
            if (taken == NeedMore) return;
            _start += taken;
            _offset += taken;
        }
    }

    /// <summary>One line of a header, or a piece of a very long one.</summary>
    private int ScanHeaderLine(ReadOnlySpan<byte> window, bool final)
    {
        if (_lineStart && _boundaries > 0 && TryScanBoundary(window, final, out var taken)) return taken;

        var end = window.IndexOf((byte)'\n');
        if (end < 0 && !final && window.Length < MaxWholeLine) return NeedMore;
        var whole = end >= 0;
        var length = whole ? end + 1 : window.Length;
        // The CR of a line break stays with its LF.
        if (!whole && !final && window[^1] == '\r') length--;
        var line = window[..length];
        var text = whole ? line.TrimEnd("\r\n"u8) : line;

        if (_lineStart)
        {
            if (whole && text.IsEmpty)
            {
                TakeLine(line);
                EndHeader(_offset + length);
                return length;
            }
            if (!IsHeaderLine(text))
            {
                EndHeader(_offset);
                return 0;
            }
        }
        else
        {
            _header.Append(text);
        }
        _downgrades.Append(line);
        _lineStart = false;
        if (whole) TakeLine(line);
        return length;
    }

    /// <summary>Takes a field or a continuation; false when the line is neither.</summary>
    private bool IsHeaderLine(ReadOnlySpan<byte> line)
    {
        if (line[0] is (byte)' ' or (byte)'\t')
        {
            if (!_fieldSeen) return false;
            _header.Append(line);
            return true;
        }
        if (HeaderFields.NameLength(line, out var value) is var length and > 0)
        {
            _header.Begin(line[..length]);
            _header.Append(line[value..]);
            _downgrades.Begin(_offset, _top.HasFixedHeader);
            return _fieldSeen = true;
        }
        // The envelope line of an mbox file that slipped into the message.
        return !_fieldSeen && _top.IsMessageRoot && (line.StartsWith("From "u8) || line.StartsWith(">From "u8));
    }

    /// <summary>Octets of a body, a preamble or an epilogue: as far as no boundary can be.</summary>
    private int ScanBody(ReadOnlySpan<byte> window, bool final)
    {
        if (_boundaries == 0)
        {
            TakeBody(window);
            return window.Length;
        }
        if (_lineStart && TryScanBoundary(window, final, out var taken)) return taken;

        var next = window.IndexOf("\n--"u8);
        var length = next >= 0 ? next + 1 : window.Length;
        if (next < 0 && !final)
        {
            // What may be the beginning of a line break and a boundary waits for the rest.
            if (window.EndsWith("\n-"u8)) length--;
            else if (window[^1] == '\r') length--;
            if (length == 0) return NeedMore;
        }
        TakeBody(window[..length]);
        return length;
    }

    /// <summary>At the start of a line: true when the line was a boundary, or has to be waited for.</summary>
    private bool TryScanBoundary(ReadOnlySpan<byte> window, bool final, out int taken)
    {
        taken = NeedMore;
        if (window[0] != '-') return false;
        if (window.Length == 1) return !final;
        if (window[1] != '-') return false;

        var end = window[..Math.Min(window.Length, MaxBoundaryLine)].IndexOf((byte)'\n');
        if (end < 0 && window.Length >= MaxBoundaryLine) return false;
        if (end < 0 && !final) return true;
        taken = end < 0 ? window.Length : end + 1;
        var line = window[..taken];
        var text = line[2..].TrimEnd(" \t\r\n"u8);

        for (var part = _top; part is not null; part = part.Parent)
        {
            if (part.Boundary is not { } boundary || !text.StartsWith(boundary)) continue;
            var isEnd = text.Length == boundary.Length + 2 && text.EndsWith("--"u8);
            if (!isEnd && text.Length != boundary.Length) continue;
            if (!isEnd && part.IsFull) continue;
            SeeBoundary(part, isEnd, line);
            return true;
        }
        return false;
    }

    private void SeeBoundary(OpenPart multipart, bool isEnd, ReadOnlySpan<byte> line)
    {
        // The line break before the boundary belongs to it (RFC 2046 §5.1.1); a header line keeps its own.
        if (_inHeader) EndHeader(_offset);
        while (_top != multipart) CloseTop(_lineBreak, _lines - 1);
        TakeLine(line);
        if (isEnd)
        {
            multipart.Boundary = null;
            _boundaries--;
            _inHeader = false;
            return;
        }
        OpenChild(_offset + line.Length);
        if (_parts++ < MaxParts) return;
        multipart.IsFull = true;
        _inHeader = false;
        _top.Description = PartHeader.Opaque;
    }

    private void OpenChild(long offset)
    {
        _top = new OpenPart(_top, offset) { LinesBefore = _lines };
        _header.Clear();
        _inHeader = true;
        _fieldSeen = false;
    }

    private void EndHeader(long bodyOffset)
    {
        var part = _top;
        _downgrades.End(part.HasFixedHeader);
        part.BodyOffset = bodyOffset;
        part.LinesBefore = _lines;
        if (part.IsMessageRoot) SeeMessageHeader(part);
        _inHeader = false;

        var description = PartHeader.Read(_header, part.InDigest);
        var isMessage = description is { Type: "message", Subtype: "rfc822" or "global" };
        if ((isMessage || description.IsMultipart) && part.Depth >= MaxDepth || isMessage && description.Encoding is not ("7bit" or "8bit" or "binary"))
            description = description with { Type = PartHeader.Opaque.Type, Subtype = PartHeader.Opaque.Subtype };
        part.Description = description;

        if (description.IsMultipart)
        {
            if (PartHeader.Boundary(description) is not { } boundary) return;
            part.Boundary = Encoding.UTF8.GetBytes(boundary);
            _boundaries++;
        }
        else if (description is { Type: "message", Subtype: "rfc822" or "global" })
        {
            part.HoldsMessage = true;
            part.Envelope = NoEnvelope;
            OpenChild(bodyOffset);
        }
        else
        {
            _preview.BeginPart(part);
        }
    }

    private static readonly MessageEnvelope NoEnvelope = new();

    private void SeeMessageHeader(OpenPart part)
    {
        var envelope = EnvelopeReader.Read(_header);
        if (part.Parent is { } holder)
        {
            holder.Envelope = envelope;
            return;
        }
        _envelope = envelope;
        (_references, _repliesOnly) = EnvelopeReader.References(_header);
    }

    private void CloseTop(long end, long lines)
    {
        var part = _top;
        _preview.EndPart();
        if (part.Boundary is not null) _boundaries--;
        var closed = part.Close(end, lines);
        if (part.Parent is { } parent)
        {
            parent.Add(closed);
            _top = parent;
        }
        else
        {
            _root = closed;
        }
    }

    private void TakeBody(ReadOnlySpan<byte> octets)
    {
        _preview.Append(octets);
        _lines += octets.Count((byte)'\n');
        _lineStart = octets[^1] == '\n';
        if (_lineStart) NoteLineBreak(octets);
    }

    private void TakeLine(ReadOnlySpan<byte> line)
    {
        // A boundary may be the last line and have no end.
        if (line[^1] == '\n') _lines++;
        _lineStart = true;
        NoteLineBreak(line);
    }

    private void NoteLineBreak(ReadOnlySpan<byte> octets)
        => _lineBreak = _offset + octets.Length - (octets.EndsWith("\r\n"u8) ? 2 : 1);
}
