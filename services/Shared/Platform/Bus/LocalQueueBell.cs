using System.Threading.Channels;
using Merpati.Storage;

namespace Merpati.Platform.Bus;

/// <summary>The bell inside one process: acceptance and delivery are neighbours, as in Standalone.</summary>
public sealed class LocalQueueBell(TimeProvider time) : IQueueBell
{
    /// <summary>Timers cannot run for ever; a waiter woken early only looks once too often.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    // One slot a route: rings while nobody waits become one.
    private readonly Channel<bool>[] _rings = Enum.GetValues<QueueRoute>()
        .Select(_ => Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite }))
        .ToArray();

    public void Ring(QueueRoute route) => _rings[(int)route].Writer.TryWrite(true);

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
