using System.Buffers;
using System.IO.Pipelines;

namespace Merpati.Protocols.Wire;

public enum LineStatus
{
    /// <summary>A whole line that ended in CRLF; the line break is not part of it.</summary>
    Line,

    /// <summary>Longer than allowed: all of it up to its line break was read and dropped, in bounded memory.</summary>
    TooLong,

    /// <summary>Longer than anything that could be meant, and its end is not in sight: what follows cannot be read as commands, so the session ends.</summary>
    Endless,

    /// <summary>The peer closed; a half line before it is dropped.</summary>
    Closed,

    /// <summary>Nothing complete came in time.</summary>
    TimedOut,

    /// <summary>The server drains; nothing was consumed.</summary>
    Draining,
}

/// <param name="EndedInBareLf">The line break was LF without CR: a protocol may take or refuse that.</param>
public readonly record struct LineResult(LineStatus Status, byte[] Line, bool EndedInBareLf = false);

/// <summary>Reads command lines from a transport, with a limit on length and on time.</summary>
public sealed class LineReader(ITransport transport, TimeProvider time)
{
    /// <summary>How much of a line that is too long is dropped in search of its end.</summary>
    private const long MaxDropped = 1024 * 1024;

    /// <summary>
    /// The next line. Reads on past <paramref name="maxLength"/> only to find its end.
    /// </summary>
    /// <param name="maxLength">Octets without the line break.</param>
    /// <param name="timeout">For the whole line, so that a drip of bytes does not hold the session.</param>
    /// <param name="lifetime">Draining is looked at only while no whole line waits: what was pipelined is still answered.</param>
    public async ValueTask<LineResult> ReadLineAsync(int maxLength, TimeSpan timeout, SessionLifetime lifetime)
    {
        // The common case under pipelining: a line is already there, and no timer is needed.
        if (TryRead(out var ready, out var broken))
        {
            if (TryTakeLine(ready, maxLength, out var at, out var line))
            {
                transport.Input.AdvanceTo(at);
                return line;
            }
            if (ready.IsCompleted && ready.Buffer.Length <= maxLength)
            {
                transport.Input.AdvanceTo(ready.Buffer.End);
                return new LineResult(LineStatus.Closed, []);
            }
            transport.Input.AdvanceTo(ready.Buffer.Start, ready.Buffer.End);
        }
        if (broken) return new LineResult(LineStatus.Closed, []);
        using var timer = new CancellationTokenSource(timeout, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, lifetime.Draining, lifetime.Aborted);
        var dropped = 0L;
        while (true)
        {
            ReadResult read;
            try { read = await transport.Input.ReadAsync(stop.Token).ConfigureAwait(false); }
            catch (OperationCanceledException) when (!lifetime.Aborted.IsCancellationRequested)
            {
                return new LineResult(timer.IsCancellationRequested ? LineStatus.TimedOut : LineStatus.Draining, []);
            }
            catch (IOException) { return new LineResult(LineStatus.Closed, []); }
            if (dropped > 0)
            {
                var end = read.Buffer.PositionOf((byte)'\n');
                if (end is not null)
                {
                    transport.Input.AdvanceTo(read.Buffer.GetPosition(1, end.Value));
                    return new LineResult(LineStatus.TooLong, []);
                }
                dropped += read.Buffer.Length;
                transport.Input.AdvanceTo(read.Buffer.End);
                if (dropped > MaxDropped) return new LineResult(LineStatus.Endless, []);
            }
            else if (TryTakeLine(read, maxLength, out var at, out var line))
            {
                transport.Input.AdvanceTo(at);
                return line;
            }
            else if (read.Buffer.Length > maxLength + 2)
            {
                dropped = read.Buffer.Length;
                transport.Input.AdvanceTo(read.Buffer.End);
            }
            else
            {
                transport.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            }
            if (read.IsCompleted) return new LineResult(LineStatus.Closed, []);
        }
    }

    /// <summary>
    /// True while a whole line waits: the next <see cref="ReadLineAsync"/> returns at once, and replies may still be collected (PIPELINING).
    /// </summary>
    public bool LineWaits()
    {
        if (!TryRead(out var ready, out _)) return false;
        var waits = ready.Buffer.PositionOf((byte)'\n') is not null;
        transport.Input.AdvanceTo(ready.Buffer.Start);
        return waits;
    }

    /// <summary>Takes what is there without waiting. A connection that broke throws here too (<paramref name="broken"/>).</summary>
    private bool TryRead(out ReadResult ready, out bool broken)
    {
        broken = false;
        try { return transport.Input.TryRead(out ready); }
        catch (IOException)
        {
            ready = default;
            broken = true;
            return false;
        }
    }

    private static bool TryTakeLine(ReadResult read, int maxLength, out SequencePosition at, out LineResult line)
    {
        var end = read.Buffer.PositionOf((byte)'\n');
        if (end is null)
        {
            at = default;
            line = default;
            return false;
        }
        at = read.Buffer.GetPosition(1, end.Value);
        var content = read.Buffer.Slice(0, end.Value);
        var bareLf = content.IsEmpty || content.Slice(content.Length - 1).FirstSpan[0] != (byte)'\r';
        if (!bareLf) content = content.Slice(0, content.Length - 1);
        line = content.Length > maxLength
            ? new LineResult(LineStatus.TooLong, [], bareLf)
            : new LineResult(LineStatus.Line, content.ToArray(), bareLf);
        return true;
    }
}
