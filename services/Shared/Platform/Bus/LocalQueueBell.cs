using System.Threading.Channels;
using Merpati.Storage;

namespace Merpati.Platform.Bus;

/// <summary>The bell inside one process: acceptance and delivery are neighbours, as in Standalone.</summary>
public sealed class LocalQueueBell(TimeProvider time) : IQueueBell
{
    /// <summary>Timers cannot run for ever; a waiter woken early only looks once too often.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    // One slot a route: rings while nobody waits become one.
    private readonly Channel<bool>[] _rings = Enum.GetValues<QueueRoute>().Select(_ => Channel.CreateBounded<bool>(1)).ToArray();

    public void Ring(QueueRoute route) => _rings[(int)route].Writer.TryWrite(true);

    /// <summary>Rings, and returns when a waiter has heard it.</summary>
    public async ValueTask RingUntilHeardAsync(QueueRoute route, CancellationToken cancellationToken)
    {
        Ring(route);
        await _rings[(int)route].Writer.WaitToWriteAsync(cancellationToken);
    }

    public async ValueTask WaitAsync(QueueRoute route, DateTimeOffset? until, CancellationToken cancellationToken)
    {
        var rings = _rings[(int)route].Reader;
        if (until is null)
        {
            await rings.ReadAsync(cancellationToken);
            return;
        }
        if (rings.TryRead(out _)) return;
        var wait = until.Value - time.GetUtcNow();
        if (wait <= TimeSpan.Zero) return;
        using var timer = new CancellationTokenSource(wait < LongestWait ? wait : LongestWait, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try { await rings.ReadAsync(either.Token); }
        catch (OperationCanceledException) when (timer.IsCancellationRequested && !cancellationToken.IsCancellationRequested) { }
    }
}
