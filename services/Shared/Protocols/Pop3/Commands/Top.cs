using System.Globalization;
using Merpati.Mailboxes;
using Merpati.Streams;

namespace Merpati.Protocols.Pop3.Commands;

/// <summary>TOP msg n (RFC 1939 §7): the header, the empty line, and the first n lines of the body.</summary>
internal static class Top
{
    internal static async ValueTask<Pop3Reply> Handle(Pop3Session session, Pop3CommandLine command, CancellationToken cancellationToken)
    {
        if (command.Words() is not [var word, var count] || count.AsSpan().ContainsAnyExceptInRange('0', '9')) return Pop3Reply.Syntax("TOP takes a message number and a number of lines");
        if (!session.TryFindMessage(word, out var number, out var refusal)) return refusal;
        // More digits than a long holds: more lines than any message has.
        if (!long.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var lines)) lines = long.MaxValue;
        if (await session.FindMessageInfoAsync(number, cancellationToken).ConfigureAwait(false) is not { } message) return Pop3Reply.Err("message is gone");
        session.Telemetry.MessageRead(message);
        var content = await session.Mailboxes.OpenShownAsync(session.Account.Id, message, 0, message.Size, cancellationToken).ConfigureAwait(false);
        return new Pop3Reply.Message("top of message follows", new TopStream(content, message.Size, lines), Octets: null);
    }

    /// <summary>Ends after the header and so many lines of the body; reads no further than the chunk in which that is.</summary>
    internal sealed class TopStream(Stream inner, long innerLength, long bodyLines) : ForwardStream
    {
        private long _linesLeft = bodyLines;
        private bool _inBody;
        private bool _lineIsEmpty = true;
        private bool _done;
        private long _read;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_done) return 0;
            var read = await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            _read += read;
            if (read == 0 && _read < innerLength) throw new EndOfStreamException("The message ended early.");
            return Wanted(buffer.Span[..read]);
        }

        /// <summary>How much of a chunk is still header or wanted body.</summary>
        private int Wanted(ReadOnlySpan<byte> chunk)
        {
            var at = 0;
            while (at < chunk.Length)
            {
                var lineFeed = chunk[at..].IndexOf((byte)'\n');
                var line = lineFeed < 0 ? chunk[at..] : chunk.Slice(at, lineFeed);
                _lineIsEmpty &= line is [] or [(byte)'\r'];
                if (lineFeed < 0) return chunk.Length;
                at += lineFeed + 1;
                if (_inBody) _linesLeft--;
                else _inBody = _lineIsEmpty;
                _lineIsEmpty = true;
                if (!_inBody || _linesLeft > 0) continue;
                _done = true;
                return at;
            }
            return at;
        }

        public override async ValueTask DisposeAsync()
        {
            await inner.DisposeAsync().ConfigureAwait(false);
            await base.DisposeAsync().ConfigureAwait(false);
        }
    }
}
