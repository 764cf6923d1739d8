using System.Buffers;

namespace Merpati.Protocols.Pop3;

/// <summary>
/// The content of a multi-line response (RFC 1939 §3), chunk by chunk: a line that begins with a dot gets another, and CRLF.CRLF ends it.
/// </summary>
/// <remarks>
/// Octets go out as they are stored. What came by SMTP has CRLF line ends only; IMAP APPEND can bring bare LFs. Most clients take a bare LF
/// for a line end, so a dot after one is doubled too: otherwise LF.CRLF inside a message would end it for them, and the rest would be read
/// as replies.
/// </remarks>
internal sealed class DotStuffer(IBufferWriter<byte> output)
{
    private bool _atLineStart = true;
    private bool _endsInCrlf = true;
    private bool _endsInCr;

    internal void Write(ReadOnlySpan<byte> chunk)
    {
        if (chunk.IsEmpty) return;
        if (_atLineStart && chunk[0] == '.') output.Write("."u8);
        _atLineStart = chunk[^1] == '\n';
        _endsInCrlf = _atLineStart && (chunk.Length > 1 ? chunk[^2] == '\r' : _endsInCr);
        _endsInCr = chunk[^1] == '\r';
        for (int lineFeed; (lineFeed = chunk.IndexOf("\n."u8)) >= 0; chunk = chunk[(lineFeed + 1)..])
        {
            output.Write(chunk[..(lineFeed + 1)]);
            output.Write("."u8);
        }
        output.Write(chunk);
    }

    /// <summary>The terminator. A message whose last line is not ended gets a CRLF that is not counted among its octets.</summary>
    internal void End() => output.Write(_endsInCrlf ? ".\r\n"u8 : "\r\n.\r\n"u8);
}
