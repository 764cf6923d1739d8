using System.Text;

namespace Merpati.Mail;

/// <summary>Finds, in one header that goes by in pieces, the fields that a change of the transfer encoding touches.</summary>
/// <param name="offset">Of the header's first octet.</param>
internal sealed class HeaderScan(long offset)
{
    private const int MaxName = 64;

    private readonly byte[] _start = new byte[MaxName];
    private readonly List<(long Start, long End)> _encodings = [];
    private long _position = offset;
    private long _lineStart = offset;
    private int _line;
    private bool _inEncoding;

    /// <summary>The Content-Transfer-Encoding fields with their continuations and line breaks; there should be one.</summary>
    public IReadOnlyList<(long Start, long End)> Encodings => _encodings;

    public bool HasMimeVersion { get; private set; }

    /// <summary>Where a further field can be put: before the empty line, or at the end when there is none.</summary>
    public long FieldsEnd { get; private set; } = offset;

    public bool HasEmptyLine { get; private set; }

    /// <summary>The last line has its line break.</summary>
    public bool EndsInLineBreak { get; private set; } = true;

    public void Watch(ReadOnlySpan<byte> octets)
    {
        while (!octets.IsEmpty)
        {
            var end = octets.IndexOf((byte)'\n');
            var piece = end < 0 ? octets : octets[..(end + 1)];
            octets = octets[piece.Length..];
            var kept = Math.Min(piece.Length, MaxName - Math.Min(_line, MaxName));
            piece[..kept].CopyTo(_start.AsSpan(Math.Min(_line, MaxName)));
            _line += piece.Length;
            _position += piece.Length;
            if (end >= 0) EndLine(hasBreak: true);
        }
    }

    public void Complete()
    {
        if (_line > 0) EndLine(hasBreak: false);
        EndField(FieldsEnd);
    }

    private void EndLine(bool hasBreak)
    {
        EndsInLineBreak = hasBreak;
        var line = _start.AsSpan(0, Math.Min(_line, MaxName));
        _line = 0;
        if (line.TrimEnd("\r\n"u8).IsEmpty)
        {
            HasEmptyLine = true;
            return;
        }
        if (line[0] is not ((byte)' ' or (byte)'\t'))
        {
            EndField(_lineStart);
            var name = line[..HeaderFields.NameLength(line, out _)];
            _inEncoding = Ascii.EqualsIgnoreCase(name, "content-transfer-encoding"u8);
            if (_inEncoding) _encodings.Add((_lineStart, _lineStart));
            HasMimeVersion |= Ascii.EqualsIgnoreCase(name, "mime-version"u8);
        }
        FieldsEnd = _lineStart = _position;
    }

    private void EndField(long end)
    {
        if (_inEncoding) _encodings[^1] = (_encodings[^1].Start, end);
        _inEncoding = false;
    }
}
