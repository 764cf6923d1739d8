using System.Buffers;

namespace Merpati.Mail;

/// <summary>What a next hop must offer to take a message as it is.</summary>
/// <param name="EightBit">8BITMIME (RFC 6152): an octet is over 127.</param>
/// <param name="Binary">BINARYMIME (RFC 3030): NUL, or a CR or LF that is not part of CRLF.</param>
/// <param name="EightBitHeader">An octet over 127 is in the message's own header: SMTPUTF8 where the envelope asks for it (RFC 6531 §3.6). Headers of its parts are not looked at.</param>
/// <param name="LongestLine">Octets without CRLF; RFC 5321 §4.5.3.1.6 has 998.</param>
public sealed record MessageNeeds(bool EightBit, bool Binary, bool EightBitHeader, long LongestLine)
{
    private const int BufferSize = 64 * 1024;

    /// <summary>Reads the content once to its end, in memory that does not grow.</summary>
    public static async ValueTask<MessageNeeds> FindAsync(Stream content, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(content);
        var lines = new LineStatistics();
        var header = new HeaderEnd();
        var eightBitHeader = false;
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            while (await content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is var read and > 0)
            {
                var octets = buffer.AsSpan(0, read);
                if (!header.IsFound) eightBitHeader |= octets[..header.Find(octets)].ContainsAnyExceptInRange((byte)0, (byte)127);
                lines.Watch(octets);
            }
        }
        finally { ArrayPool<byte>.Shared.Return(buffer); }
        lines.Complete();
        return new MessageNeeds(lines.EightBit > 0, lines.IsBinary, eightBitHeader, lines.LongestLine);
    }

    /// <summary>Finds the empty line that ends a header, in pieces cut anywhere.</summary>
    private struct HeaderEnd()
    {
        private bool _lineIsEmpty = true;

        public bool IsFound { get; private set; }

        /// <summary>How many of the octets are header.</summary>
        public int Find(ReadOnlySpan<byte> octets)
        {
            for (var at = 0; at < octets.Length; at++)
            {
                switch (octets[at])
                {
                    case (byte)'\n' when _lineIsEmpty:
                        IsFound = true;
                        return at;
                    case (byte)'\n': _lineIsEmpty = true; break;
                    case (byte)'\r': break;
                    default: _lineIsEmpty = false; break;
                }
            }
            return octets.Length;
        }
    }
}
