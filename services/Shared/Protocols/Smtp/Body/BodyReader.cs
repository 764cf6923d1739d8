using System.Buffers;
using System.IO.Pipelines;
using Merpati.Protocols.Wire;

namespace Merpati.Protocols.Smtp;

/// <summary>How the reading of a message ended.</summary>
internal enum BodyEnd
{
    /// <summary>The whole message, or the whole chunk.</summary>
    Complete,

    /// <summary>The peer closed in the middle of it.</summary>
    Closed,

    /// <summary>No octets came in time.</summary>
    TimedOut,
}

/// <summary>Reads messages from a transport into an intake, in memory that does not grow.</summary>
internal sealed class BodyReader(ITransport transport, TimeProvider time, TimeSpan timeout, Func<TimeSpan> remaining)
{
    private const int BlockSize = 32768;

    /// <summary>To CRLF.CRLF (RFC 5321 §4.1.1.4). What comes after it stays in the transport.</summary>
    public async ValueTask<BodyEnd> ReadDottedAsync(BodyIntake intake, CancellationToken aborted)
    {
        var decoder = new DotDecoder();
        var block = ArrayPool<byte>.Shared.Rent(BlockSize);
        try
        {
            using var clock = new ReadClock(time, aborted);
            while (true)
            {
                var (read, end) = await ReadAsync(clock, aborted).ConfigureAwait(false);
                if (end != BodyEnd.Complete) return end;
                var consumed = read.Buffer.Start;
                var filled = 0;
                foreach (var segment in read.Buffer)
                {
                    var input = segment;
                    while (!input.IsEmpty && !decoder.IsComplete)
                    {
                        if (block.Length - filled < BlockSize / 4)
                        {
                            await intake.TakeAsync(block.AsMemory(0, filled), aborted).ConfigureAwait(false);
                            filled = 0;
                        }
                        var piece = input[..Math.Min(input.Length, block.Length - filled - 1)];
                        decoder.Decode(piece.Span, block.AsSpan(filled), out var taken, out var written);
                        consumed = read.Buffer.GetPosition(taken, consumed);
                        filled += written;
                        input = input[taken..];
                    }
                }
                await intake.TakeAsync(block.AsMemory(0, filled), aborted).ConfigureAwait(false);
                transport.Input.AdvanceTo(consumed);
                if (decoder.IsComplete) return BodyEnd.Complete;
                if (read.IsCompleted) return BodyEnd.Closed;
            }
        }
        finally { ArrayPool<byte>.Shared.Return(block); }
    }

    /// <summary>Exactly so many octets (RFC 3030 §2).</summary>
    public async ValueTask<BodyEnd> ReadChunkAsync(BodyIntake intake, long count, CancellationToken aborted)
    {
        using var clock = new ReadClock(time, aborted);
        while (count > 0)
        {
            var (read, end) = await ReadAsync(clock, aborted).ConfigureAwait(false);
            if (end != BodyEnd.Complete) return end;
            var chunk = read.Buffer.Slice(0, Math.Min(count, read.Buffer.Length));
            foreach (var segment in chunk) await intake.TakeAsync(segment, aborted).ConfigureAwait(false);
            count -= chunk.Length;
            transport.Input.AdvanceTo(chunk.End);
            if (count > 0 && read.IsCompleted) return BodyEnd.Closed;
        }
        return BodyEnd.Complete;
    }

    private async ValueTask<(ReadResult Read, BodyEnd End)> ReadAsync(ReadClock clock, CancellationToken aborted)
    {
        try
        {
            if (transport.Input.TryRead(out var ready)) return (ready, BodyEnd.Complete);
            var left = remaining();
            if (left <= TimeSpan.Zero) return (default, BodyEnd.TimedOut);
            var read = await transport.Input.ReadAsync(clock.Start(left < timeout ? left : timeout)).ConfigureAwait(false);
            clock.Stop();
            return (read, BodyEnd.Complete);
        }
        catch (OperationCanceledException) when (!aborted.IsCancellationRequested) { return (default, BodyEnd.TimedOut); }
        catch (IOException) { return (default, BodyEnd.Closed); }
    }

    /// <summary>One timer for all reads of a message.</summary>
    private sealed class ReadClock(TimeProvider time, CancellationToken aborted) : IDisposable
    {
        private CancellationTokenSource? _timer;
        private CancellationTokenSource? _either;

        public CancellationToken Start(TimeSpan timeout)
        {
            _timer ??= new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
            _either ??= CancellationTokenSource.CreateLinkedTokenSource(_timer.Token, aborted);
            _timer.CancelAfter(timeout);
            return _either.Token;
        }

        public void Stop() => _timer?.CancelAfter(Timeout.InfiniteTimeSpan);

        public void Dispose()
        {
            _either?.Dispose();
            _timer?.Dispose();
        }
    }
}
