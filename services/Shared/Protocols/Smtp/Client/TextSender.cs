using System.Buffers;
using System.Globalization;

namespace Merpati.Protocols.Smtp.Client;

/// <summary>How the sending of a message's octets ended.</summary>
internal abstract record TextEnd
{
    private TextEnd() { }

    /// <summary>All of them are on their way, the end included; the server's replies are next.</summary>
    /// <param name="Loss">The connection broke while the end was sent: whether it arrived nobody knows, and there may be replies all the same.</param>
    public sealed record Sent(ConnectionLoss? Loss) : TextEnd;

    /// <summary>The server refused before the end.</summary>
    /// <param name="InSequence">It was the reply to a chunk, and the server waits for commands.</param>
    public sealed record Refused(RemoteReply Reply, bool InSequence) : TextEnd;

    /// <summary>Before the end.</summary>
    public sealed record Lost(ConnectionLoss Loss) : TextEnd;

    public sealed record Unsendable(string Reason) : TextEnd;
}

/// <summary>Sends the octets of one message, in memory that does not grow with it, and looks up now and then whether the server has had enough.</summary>
/// <param name="startedAt">Of the transaction.</param>
internal sealed class TextSender(ClientWire wire, SmtpClientOptions options, OutgoingMessage message, long startedAt)
{
    private const int BlockSize = 32 * 1024;

    // Each chunk but the last costs a round trip, and lets the server say no.
    private const long ChunkSize = 1024 * 1024;

    private TimeSpan BlockTimeout => Min(options.BlockTimeout, options.MaxTransactionTime - wire.Time.GetElapsedTime(startedAt));

    /// <summary>After 354 (RFC 5321 §4.5.2).</summary>
    public async ValueTask<TextEnd> SendDottedAsync(CancellationToken cancellationToken)
    {
        var encoder = new DotEncoder();
        var lines = new LineGuard();
        var block = ArrayPool<byte>.Shared.Rent(BlockSize);
        var source = await message.OpenAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            for (var left = message.Size; left > 0;)
            {
                // A source gives what it has, the header first: a block that is filled goes out at once, and not in small packets.
                var read = 0;
                while (read < BlockSize && left > 0)
                {
                    var part = await ReadAsync(source, block.AsMemory(read, BlockSize - read), left, cancellationToken).ConfigureAwait(false);
                    (read, left) = (read + part, left - part);
                }
                lines.Watch(block.AsSpan(0, read));
                if (left == 0) lines.Complete();
                // A line that only some servers see the end of may be a dot alone to them, and what follows a command (CVE-2023-51764 and its relatives).
                if (lines.HasBareLineBreak) return new TextEnd.Unsendable("The message has a CR or LF that is not part of CRLF, and the server takes no binary messages");
                encoder.Encode(block.AsSpan(0, read), wire.Output);
                if (await FlushAsync(cancellationToken).ConfigureAwait(false) is { } stopped) return stopped;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
            await source.DisposeAsync().ConfigureAwait(false);
        }
        if (await BeginEndAsync(cancellationToken).ConfigureAwait(false) is { } spoke) return spoke;
        encoder.Complete(wire.Output);
        return await EndAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>By BDAT (RFC 3030 §2).</summary>
    public async ValueTask<TextEnd> SendChunksAsync(CancellationToken cancellationToken)
    {
        var source = await message.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using (source.ConfigureAwait(false))
        {
            var left = message.Size;
            while (left > ChunkSize)
            {
                left -= ChunkSize;
                wire.Write(string.Create(CultureInfo.InvariantCulture, $"BDAT {ChunkSize}"));
                if (await CopyAsync(source, ChunkSize, left, cancellationToken).ConfigureAwait(false) is { } stopped) return stopped;
                switch (await wire.ReadAsync(SmtpStage.Text, BlockTimeout, cancellationToken).ConfigureAwait(false))
                {
                    case Answer.Lost lost: return new TextEnd.Lost(lost.Loss);
                    case Answer.Replied { Reply.IsPositive: true }: break;
                    case Answer.Replied { Reply.IsIntermediate: false } refused: return new TextEnd.Refused(refused.Reply, InSequence: true);
                    case Answer.Replied other: return new TextEnd.Lost(ClientWire.Unexpected(SmtpStage.Text, other.Reply));
                }
            }
            wire.Write(string.Create(CultureInfo.InvariantCulture, $"BDAT {left} LAST"));
            // The last block is the end: without it the server has an unfinished chunk, and no message.
            var tail = left % BlockSize is 0 and var none && left > 0 ? BlockSize : left % BlockSize;
            if (left > tail && await CopyAsync(source, left - tail, tail, cancellationToken).ConfigureAwait(false) is { } early) return early;
            var block = ArrayPool<byte>.Shared.Rent(BlockSize);
            try
            {
                for (var filled = 0; filled < tail;) filled += await ReadAsync(source, block.AsMemory(filled), tail - filled, cancellationToken).ConfigureAwait(false);
                if (await BeginEndAsync(cancellationToken).ConfigureAwait(false) is { } spoke) return spoke;
                wire.Output.Write(block.AsSpan(0, (int)tail));
            }
            finally { ArrayPool<byte>.Shared.Return(block); }
        }
        return await EndAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Null when so many octets were sent.</summary>
    /// <param name="after">How many more follow these.</param>
    private async ValueTask<TextEnd?> CopyAsync(Stream source, long count, long after, CancellationToken cancellationToken)
    {
        while (count > 0)
        {
            var read = await ReadAsync(source, wire.Output.GetMemory(BlockSize), count, cancellationToken, after).ConfigureAwait(false);
            wire.Output.Advance(read);
            count -= read;
            if (await FlushAsync(cancellationToken).ConfigureAwait(false) is { } stopped) return stopped;
        }
        return null;
    }

    /// <summary>The next octets: as many as fit, at least one, and no more than are left. With the last of them the source has to be at its end.</summary>
    /// <exception cref="InvalidDataException">The source has another size than the message says: sent on, it would be another message.</exception>
    private static async ValueTask<int> ReadAsync(Stream source, Memory<byte> block, long left, CancellationToken cancellationToken, long after = 0)
    {
        var read = await source.ReadAsync(block[..(int)Math.Min(Math.Min(block.Length, BlockSize), left)], cancellationToken).ConfigureAwait(false);
        if (read == 0) throw new InvalidDataException(FormattableString.Invariant($"The message ends {left + after} octets too early."));
        if (read == left && after == 0 && await source.ReadAsync(new byte[1], cancellationToken).ConfigureAwait(false) != 0) throw new InvalidDataException("The message is longer than its size.");
        return read;
    }

    /// <summary>Null when the server, or the network, took all that was written, and the server says nothing yet.</summary>
    private async ValueTask<TextEnd?> FlushAsync(CancellationToken cancellationToken)
    {
        var loss = await wire.FlushAsync(SmtpStage.Text, BlockTimeout, cancellationToken).ConfigureAwait(false);
        return loss is not null || wire.HasInput() ? await HearAsync(loss, cancellationToken).ConfigureAwait(false) : null;
    }

    /// <summary>A reply before the end can only be a refusal; one that closes says so first, if it can.</summary>
    private async ValueTask<TextEnd> HearAsync(ConnectionLoss? loss, CancellationToken cancellationToken)
        => await wire.ReadAsync(SmtpStage.Text, ClientWire.LastWords, cancellationToken).ConfigureAwait(false) switch
        {
            Answer.Replied { Reply: { IsTransient: true } or { IsPermanent: true } } refused => new TextEnd.Refused(refused.Reply, InSequence: false),
            Answer.Replied other => new TextEnd.Lost(loss ?? ClientWire.Unexpected(SmtpStage.Text, other.Reply)),
            Answer.Lost lost => new TextEnd.Lost(loss ?? lost.Loss),
            _ => throw new System.Diagnostics.UnreachableException(),
        };

    /// <summary>Tells the caller that the end comes. Null when the server is still silent after that.</summary>
    private async ValueTask<TextEnd?> BeginEndAsync(CancellationToken cancellationToken)
    {
        if (message.BeforeEndAsync is { } announce) await announce(cancellationToken).ConfigureAwait(false);
        return wire.HasInput() ? await HearAsync(null, cancellationToken).ConfigureAwait(false) : null;
    }

    /// <summary>Sends the end. From here on cancellation is a loss, as the server may have the message.</summary>
    private async ValueTask<TextEnd> EndAsync(CancellationToken cancellationToken)
    {
        try { return new TextEnd.Sent(await wire.FlushAsync(SmtpStage.EndOfText, options.BlockTimeout, cancellationToken).ConfigureAwait(false)); }
        catch (OperationCanceledException) { return new TextEnd.Sent(new ConnectionLoss(SmtpStage.EndOfText, LossReason.Cancelled, "We were asked to stop")); }
    }

    private static TimeSpan Min(TimeSpan left, TimeSpan right) => left < right ? left : right;
}
