using System.IO.Pipelines;

namespace Merpati.Protocols.Wire;

public static class TransportOutput
{
    /// <summary>
    /// Flushes what was written. A client that never reads does not hold the session for ever.
    /// </summary>
    /// <returns>False when the peer is gone or took nothing for <paramref name="timeout"/>: end the session.</returns>
    public static async ValueTask<bool> TryFlushAsync(this ITransport transport, TimeSpan timeout, TimeProvider time, CancellationToken aborted)
    {
        var flush = transport.Output.FlushAsync(aborted);
        if (flush.IsCompletedSuccessfully) return !flush.Result.IsCompleted;
        using var timer = new CancellationTokenSource(timeout, time);
        await using var registration = timer.Token.UnsafeRegister(static output => ((PipeWriter)output!).CancelPendingFlush(), transport.Output);
        try
        {
            var result = await flush.ConfigureAwait(false);
            return !result.IsCompleted && !result.IsCanceled;
        }
        catch (IOException) { return false; }
        catch (OperationCanceledException) when (!aborted.IsCancellationRequested) { return false; }
    }
}
