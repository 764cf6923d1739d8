using System.Buffers;
using System.Text;

namespace Merpati.SmtpIngress.Acceptance;

/// <summary>
/// Looks at the header fields of a message while it streams by, in pieces cut anywhere and in memory that does not grow:
/// counts Received, notes Date and Message-ID, keeps From.
/// </summary>
internal sealed class HeaderInspector(int maxSize)
{
    // RFC 5322 §2.1.1 allows 998 octets; of a longer line only so much is looked at.
    private const int MaxLine = 16_384;
    private const int MaxField = 65_536;
    private const int MaxMessageId = 998;
    private const int MaxWord = 64;
    private const int MaxFromFields = 16;

    private readonly ArrayBufferWriter<byte> _partialLine = new();
    private readonly ArrayBufferWriter<byte> _field = new();
    private readonly List<ReadOnlyMemory<byte>> _from = [];
    private readonly List<string> _tlsRequired = [];
    private Field _current = Field.Other;
    private long _size;
    private bool _malformed;

    private enum Field
    {
        Other,
        MessageId,
        From,
        TlsRequired,
    }

    /// <summary>The empty line was seen; the rest is body.</summary>
    public bool IsComplete { get; private set; }

    public bool IsTooBig { get; private set; }

    public int Hops { get; private set; }

    public bool HasDate { get; private set; }

    /// <summary><c>TLS-Required: No</c> (RFC 8689 §3), once and with no other value.</summary>
    public bool IsTlsOptional => _tlsRequired is ["No"];

    /// <summary>As written, with its brackets; null when there is none.</summary>
    public string? MessageId { get; private set; }

    /// <summary>The bodies of the From fields, unfolded not.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> From => _from;

    /// <summary>A From field, or their number, is beyond all reason: nobody can say what a reader would show.</summary>
    public bool HasOverlongFrom { get; private set; }

    public void Inspect(ReadOnlySpan<byte> octets)
    {
        while (!IsComplete && !octets.IsEmpty)
        {
            var end = octets.IndexOf((byte)'\n');
            var piece = end < 0 ? octets : octets[..(end + 1)];
            octets = octets[piece.Length..];
            _size += piece.Length;
            // What never looked like a header is a body that somebody sent without one: its length is not the header's.
            if (_size > maxSize && !_malformed) IsTooBig = true;
            if (end >= 0 && _partialLine.WrittenCount == 0)
            {
                TakeLine(piece);
                continue;
            }
            _partialLine.Write(piece[..Math.Min(piece.Length, MaxLine - _partialLine.WrittenCount)]);
            if (end < 0) continue;
            TakeLine(_partialLine.WrittenSpan);
            _partialLine.ResetWrittenCount();
        }
    }

    /// <summary>The message ended, maybe within its header.</summary>
    public void Complete()
    {
        if (IsComplete) return;
        if (_partialLine.WrittenCount > 0) TakeLine(_partialLine.WrittenSpan);
        EndField();
        IsComplete = true;
    }

    private void TakeLine(ReadOnlySpan<byte> line)
    {
        line = line.TrimEnd("\r\n"u8);
        if (line.IsEmpty)
        {
            EndField();
            IsComplete = true;
            return;
        }
        if (line[0] is (byte)' ' or (byte)'\t')
        {
            Keep(line);
            return;
        }
        EndField();
        var colon = line.IndexOf((byte)':');
        if (colon <= 0)
        {
            _malformed = true;
            return;
        }
        var name = line[..colon].TrimEnd(" \t"u8);
        if (Ascii.EqualsIgnoreCase(name, "Received"u8)) Hops++;
        else if (Ascii.EqualsIgnoreCase(name, "Date"u8)) HasDate = true;
        else if (Ascii.EqualsIgnoreCase(name, "Message-ID"u8)) _current = Field.MessageId;
        else if (Ascii.EqualsIgnoreCase(name, "From"u8)) _current = Field.From;
        else if (Ascii.EqualsIgnoreCase(name, "TLS-Required"u8)) _current = Field.TlsRequired;
        Keep(line[(colon + 1)..]);
    }

    private void Keep(ReadOnlySpan<byte> text)
    {
        if (_current == Field.Other) return;
        if (_field.WrittenCount + text.Length > MaxField) HasOverlongFrom |= _current == Field.From;
        else _field.Write(text);
    }

    private void EndField()
    {
        switch (_current)
        {
            case Field.MessageId when MessageId is null && _field.WrittenCount is > 0 and <= MaxMessageId:
                MessageId = Encoding.UTF8.GetString(_field.WrittenSpan).Trim() is { Length: > 0 } id ? id : null;
                break;
            case Field.TlsRequired when _tlsRequired.Count < 2:
                var word = _field.WrittenCount <= MaxWord ? Encoding.UTF8.GetString(_field.WrittenSpan).Trim() : "";
                _tlsRequired.Add(word.Equals("No", StringComparison.OrdinalIgnoreCase) ? "No" : word);
                break;
            case Field.From when _from.Count < MaxFromFields:
                _from.Add(_field.WrittenSpan.ToArray());
                break;
            case Field.From:
                HasOverlongFrom = true;
                break;
        }
        _current = Field.Other;
        _field.ResetWrittenCount();
    }
}
