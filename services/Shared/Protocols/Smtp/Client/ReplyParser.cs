using System.Buffers;
using System.Text;

namespace Merpati.Protocols.Smtp.Client;

/// <summary>What a piece of input did.</summary>
internal enum ReplyProgress
{
    /// <summary>All of it was taken, and the reply has no end yet.</summary>
    Incomplete,

    Complete,

    /// <summary>This is no reply, or one without an end.</summary>
    Malformed,
}

/// <summary>
/// Reads one reply (RFC 5321 §4.2) out of pieces cut anywhere, in bounded memory. Tolerant where servers are careless: a line may end in LF alone, have no text,
/// be too long (its end is cut off), or have another code than the line before (the last one counts). Never throws, whatever the octets.
/// </summary>
internal sealed class ReplyParser
{
    /// <summary>Octets of a line that are kept; RFC 5321 §4.5.3.1.5 allows 512.</summary>
    public const int MaxLine = 2048;

    /// <summary>Octets of a whole reply, those not kept included.</summary>
    public const int MaxReply = 128 * 1024;

    public const int MaxLines = 512;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly byte[] _line = new byte[MaxLine];
    private List<string> _lines = [];
    private int _length;
    private int _total;

    /// <summary>Something was read that is not yet a whole reply.</summary>
    public bool HasBegun => _total > 0;

    /// <summary>After <see cref="ReplyProgress.Malformed"/>: what is wrong.</summary>
    public string Fault { get; private set; } = "";

    /// <summary>Takes input up to the end of the reply; then the parser is as new.</summary>
    /// <param name="consumed">The position after what was taken.</param>
    public ReplyProgress Read(in ReadOnlySequence<byte> input, out SequencePosition consumed, out RemoteReply? reply)
    {
        reply = null;
        consumed = input.Start;
        foreach (var segment in input)
        {
            var rest = segment.Span;
            while (!rest.IsEmpty)
            {
                var end = rest.IndexOf((byte)'\n');
                var piece = end < 0 ? rest : rest[..end];
                var taken = end < 0 ? rest.Length : end + 1;
                var kept = Math.Min(piece.Length, MaxLine - _length);
                piece[..kept].CopyTo(_line.AsSpan(_length));
                _length += kept;
                _total += taken;
                consumed = input.GetPosition(taken, consumed);
                rest = rest[taken..];
                if (_total > MaxReply) return Malformed("The reply has no end");
                if (end < 0) continue;
                var progress = EndLine(out reply);
                if (progress != ReplyProgress.Incomplete) return progress;
            }
        }
        return ReplyProgress.Incomplete;
    }

    private ReplyProgress EndLine(out RemoteReply? reply)
    {
        reply = null;
        var line = _line.AsSpan(0, _length);
        if (!line.IsEmpty && line[^1] == (byte)'\r') line = line[..^1];
        _length = 0;
        if (line.Length < 3 || line[0] is < (byte)'2' or > (byte)'5' || !char.IsAsciiDigit((char)line[1]) || !char.IsAsciiDigit((char)line[2]) || (line.Length > 3 && line[3] is not ((byte)' ' or (byte)'-' or (byte)'\t')))
            return Malformed($"This is no reply: {new string([.. Decode(line[..Math.Min(line.Length, 80)]).Select(c => c is >= ' ' and <= '~' ? c : '?')])}");
        _lines.Add(line.Length > 4 ? Decode(line[4..]) : "");
        if (line.Length > 3 && line[3] == (byte)'-') return _lines.Count < MaxLines ? ReplyProgress.Incomplete : Malformed("The reply has too many lines");
        var code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
        reply = new RemoteReply(code, EnhancedCode(code, _lines[0]), _lines);
        _lines = [];
        _total = 0;
        return ReplyProgress.Complete;
    }

    private ReplyProgress Malformed(string fault)
    {
        Fault = fault;
        return ReplyProgress.Malformed;
    }

    /// <summary><c>class "." subject "." detail</c> (RFC 2034 §4), of the same class as the code.</summary>
    private static string? EnhancedCode(int code, string text)
    {
        var end = text.IndexOf(' ', StringComparison.Ordinal);
        var word = end < 0 ? text : text[..end];
        var fields = word.Split('.');
        return fields.Length == 3 && fields[0].Length == 1 && fields[0][0] - '0' == code / 100 && IsNumber(fields[1]) && IsNumber(fields[2]) ? word : null;

        static bool IsNumber(string field) => field.Length is > 0 and <= 3 && field.All(char.IsAsciiDigit);
    }

    /// <summary>UTF-8 (RFC 6531 §3.7.4), or else Latin-1, so that nothing is lost.</summary>
    private static string Decode(ReadOnlySpan<byte> octets)
    {
        try { return StrictUtf8.GetString(octets); }
        catch (DecoderFallbackException) { return Encoding.Latin1.GetString(octets); }
    }
}
