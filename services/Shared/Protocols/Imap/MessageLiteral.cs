using System.Buffers;

namespace Merpati.Protocols.Imap;

/// <summary>
/// The message of APPEND as a stream, straight from the connection. Its last octet is handed out only when the line break that ends
/// the command has come, so that a command that breaks off or goes on wrongly stores nothing.
/// </summary>
internal sealed class MessageLiteral(ImapInput input, TimeSpan stallTimeout, long length) : Stream
{
    private bool _spoilt;

    /// <summary>Octets of the literal not read from the connection yet.</summary>
    public long Remaining { get; private set; } = length;

    /// <summary>The literal and the end of its command were read.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>A NUL has no place in a message (RFC 3501 §9 CHAR8); the stream ended early there.</summary>
    public bool HoldsNul { get; private set; }

    /// <summary>The command went on after the literal; the stream ended early.</summary>
    public bool IsFollowedByMore { get; private set; }

    /// <summary>The client went away or stopped sending.</summary>
    public bool IsLost { get; private set; }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (Remaining > 0 && !_spoilt && buffer.Length > 0)
        {
            input.SetDeadline(stallTimeout);
            var (arrival, octets) = await input.ReadAsync(mayEnd: false).ConfigureAwait(false);
            if (arrival != Arrival.Octets)
            {
                IsLost = true;
                throw new EndOfStreamException("The client went away within a message.");
            }
            var ready = Math.Min(octets.Length, Remaining);
            var commandEnd = octets.Start;
            if (octets.Length >= Remaining)
            {
                switch (EndOfCommand(octets.Slice(Remaining), ref commandEnd))
                {
                    case null:
                        ready--;
                        break;
                    case false:
                        IsFollowedByMore = _spoilt = true;
                        input.Keep(octets.Slice(0, 0));
                        return 0;
                    default:
                        break;
                }
            }
            if (ready == 0)
            {
                input.Keep(octets);
                continue;
            }
            var part = (int)Math.Min(ready, buffer.Length);
            octets.Slice(0, part).CopyTo(buffer.Span);
            Remaining -= part;
            IsComplete = Remaining == 0;
            input.Consume(IsComplete ? commandEnd : octets.GetPosition(part));
            if (buffer.Span[..part].Contains((byte)0))
            {
                HoldsNul = _spoilt = true;
                return 0;
            }
            return part;
        }
        return 0;
    }

    /// <summary>Null while the line break has not come, false where there is something else.</summary>
    private static bool? EndOfCommand(in ReadOnlySequence<byte> rest, ref SequencePosition end)
    {
        var reader = new SequenceReader<byte>(rest);
        reader.AdvancePast((byte)' ');
        reader.IsNext((byte)'\r', advancePast: true);
        if (reader.End) return null;
        if (!reader.IsNext((byte)'\n', advancePast: true)) return false;
        end = reader.Position;
        return true;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Read asynchronously.");

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override void Flush() { }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
