using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using Merpati.Mailboxes;
using MimeKit;
using MimeKit.Encodings;

namespace Merpati.Mail;

/// <summary>The text of a part as a person reads it: transfer encoding and charset undone, tags taken out of HTML, in pieces of bounded size.</summary>
public sealed class PartText
{
    private const int PieceOctets = 8 * 1024;

    private readonly IMimeDecoder? _transfer;
    private readonly string? _charset;
    private readonly HtmlText? _html;
    private readonly StringBuilder _text = new();
    private Decoder? _decoder;
    private byte[] _decoded = [];
    private char[] _chars = [];

    public PartText(BodyPart part)
    {
        ArgumentNullException.ThrowIfNull(part);
        _transfer = part.Encoding switch
        {
            "base64" => new Base64Decoder(),
            "quoted-printable" => new QuotedPrintableDecoder(),
            "x-uuencode" or "uuencode" or "x-uue" => new UUDecoder(),
            _ => null,
        };
        _charset = part.Parameters.FirstOrDefault(p => p.Name.Equals("charset", StringComparison.OrdinalIgnoreCase))?.Value;
        _html = part.Subtype is "html" or "xhtml" ? new HtmlText() : null;
    }

    /// <summary>All text of a body in its transfer encoding. Each piece is valid until the next is asked for.</summary>
    public static async IAsyncEnumerable<ReadOnlyMemory<char>> ReadAsync(BodyPart part, Stream body, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(body);
        var text = new PartText(part);
        var octets = ArrayPool<byte>.Shared.Rent(PieceOctets);
        try
        {
            while (true)
            {
                var read = await body.ReadAsync(octets, cancellationToken);
                var piece = text.Decode(octets, 0, read, last: read == 0);
                if (piece.Length > 0) yield return piece;
                if (read == 0) yield break;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(octets);
        }
    }

    /// <summary>The text of the next octets; what is cut off in the middle of a character or a tag waits for the next call.</summary>
    public ReadOnlyMemory<char> Decode(byte[] octets, int start, int count, bool last)
    {
        var decoded = Transfer(octets, start, count);
        var decoder = _decoder ?? ChooseDecoder(decoded);
        var most = decoded.Count + 16;
        if (_chars.Length < most) _chars = new char[most];
        var at = 0;
        _text.Clear();
        bool completed;
        do
        {
            // A stateful charset may owe more characters than there are octets.
            decoder.Convert(decoded.AsSpan(at), _chars.AsSpan(), last, out var used, out var written, out completed);
            at += used;
            if (_html is null && completed && _text.Length == 0) return _chars.AsMemory(0, written);
            if (_html is null) _text.Append(_chars, 0, written);
            else _html.Strip(_chars.AsSpan(0, written), _text);
        }
        while (!completed);
        return _text.ToString().AsMemory();
    }

    /// <summary>What has no usable label is guessed from the first octets that are not ASCII.</summary>
    private Decoder ChooseDecoder(ReadOnlySpan<byte> octets)
    {
        var charset = Charsets.Find(_charset);
        if (charset is null && Ascii.IsValid(octets)) return Encoding.ASCII.GetDecoder();
        return _decoder = (charset ?? Charsets.Guess(octets)).GetDecoder();
    }

    private ArraySegment<byte> Transfer(byte[] octets, int start, int count)
    {
        if (_transfer is null) return new ArraySegment<byte>(octets, start, count);
        var most = _transfer.EstimateOutputLength(count);
        if (_decoded.Length < most) _decoded = new byte[most];
        return new ArraySegment<byte>(_decoded, 0, _transfer.Decode(octets, start, count, _decoded));
    }
}
