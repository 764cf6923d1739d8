using System.Globalization;
using System.Text;
using Merpati.Streams;
using MimeKit.Encodings;

namespace Merpati.Mail;

/// <summary>Reads a content through the segments of a conversion, in memory that does not grow.</summary>
internal sealed class ConvertedStream(Stream content, IReadOnlyList<Segment> segments) : ForwardStream
{
    private const int BlockSize = 16 * 1024;

    private readonly byte[] _input = new byte[BlockSize];
    private byte[] _encoded = [];
    private byte[] _output = [];
    private int _start;
    private int _end;
    private int _next;
    private Segment _segment;
    private long _left;
    private IMimeEncoder? _encoder;
    private bool _afterCr;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty) return 0;
        while (_start == _end)
        {
            if (_left == 0 && !Advance()) return 0;
            if (_left == 0) continue;
            var read = await content.ReadAsync(_input.AsMemory(0, (int)Math.Min(_left, BlockSize)), cancellationToken).ConfigureAwait(false);
            if (read == 0) throw new EndOfStreamException("The content is shorter than it was.");
            _left -= read;
            Take(_input.AsSpan(0, read));
            if (_left == 0) EndSegment();
        }
        var count = Math.Min(buffer.Length, _end - _start);
        _output.AsSpan(_start, count).CopyTo(buffer.Span);
        _start += count;
        return count;
    }

    public override async ValueTask DisposeAsync()
    {
        await content.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) content.Dispose();
        base.Dispose(disposing);
    }

    private bool Advance()
    {
        if (_next == segments.Count) return false;
        _segment = segments[_next++];
        _left = _segment.Length;
        _afterCr = false;
        (_start, _end) = (0, 0);
        _encoder = _segment.Kind switch { SegmentKind.Base64 => new Base64Encoder(76), SegmentKind.QuotedPrintable => new QuotedPrintableEncoder(76), _ => null };
        if (_segment.Kind != SegmentKind.Insert) return true;
        Reserve(_segment.Text.Length);
        _segment.Text.Span.CopyTo(_output);
        _end = _segment.Text.Length;
        return true;
    }

    private void Take(ReadOnlySpan<byte> octets)
    {
        (_start, _end) = (0, 0);
        switch (_segment.Kind)
        {
            case SegmentKind.Copy:
                Reserve(octets.Length);
                octets.CopyTo(_output);
                _end = octets.Length;
                break;
            case SegmentKind.Skip:
                break;
            case SegmentKind.Base64 or SegmentKind.QuotedPrintable:
                if (_encoded.Length < _encoder!.EstimateOutputLength(octets.Length)) _encoded = new byte[_encoder.EstimateOutputLength(octets.Length)];
                WriteLines(_encoded.AsSpan(0, _encoder.Encode(_input, 0, octets.Length, _encoded)));
                break;
            default:
                WriteLines(octets);
                break;
        }
    }

    private void EndSegment()
    {
        if (_encoder is not null)
        {
            var rest = new byte[_encoder.EstimateOutputLength(0)];
            WriteLines(rest.AsSpan(0, _encoder.Flush([], 0, 0, rest)));
        }
        // A CR at the end of a piece waits for its LF, which may not come.
        if (_afterCr) Append("\r\n"u8);
        _afterCr = false;
    }

    /// <summary>With CRLF for every line break; MimeKit's encoders end lines in LF.</summary>
    private void WriteLines(ReadOnlySpan<byte> octets)
    {
        foreach (var octet in octets)
        {
            if (_afterCr)
            {
                Append("\r\n"u8);
                _afterCr = false;
                if (octet == '\n') continue;
            }
            switch (octet)
            {
                case (byte)'\r': _afterCr = true; break;
                case (byte)'\n': Append("\r\n"u8); break;
                case 0 or > 127 when _segment.Kind == SegmentKind.EscapedLines: Append(Encoding.ASCII.GetBytes("=" + octet.ToString("X2", CultureInfo.InvariantCulture))); break;
                case 0: Append("?"u8); break;
                case > 127 when _segment.Kind == SegmentKind.AsciiLines: Append("?"u8); break;
                default: Append([octet]); break;
            }
        }
    }

    private void Append(ReadOnlySpan<byte> octets)
    {
        Reserve(_end + octets.Length);
        octets.CopyTo(_output.AsSpan(_end));
        _end += octets.Length;
    }

    private void Reserve(int length)
    {
        if (_output.Length < length) Array.Resize(ref _output, Math.Max(length, 2 * BlockSize));
    }
}
