using System.Collections.Concurrent;
using Merpati.Queueing;
using Merpati.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Merpati.QueueWork;

/// <summary>
/// Works one route of the queue: leases entries in batches, runs many attempts at once, sleeps until the bell rings or something is due.
/// The entries of workers that died are due when their leases expire, and are found in the same way. An entry of its own whose lease ran out, as the store could not be written, is not begun
/// a second time: the attempt that runs has the new lease.
/// At shutdown it takes no more, lets run what runs, and after a grace gives the leases back.
/// </summary>
public abstract class QueueWorker(QueueRoute route, QueueWorkerSettings settings, IMailQueue queue, IQueueBell bell, TimeProvider time, ILogger logger) : BackgroundService
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestBlockedWait = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan GiveBackTimeout = TimeSpan.FromSeconds(5);

    private readonly string _worker = $"{Environment.MachineName}/{Environment.ProcessId}/{Guid.NewGuid().ToString("N")[..8]}";
    private readonly ConcurrentDictionary<QueueId, LeaseHolder> _running = new();
    private readonly SemaphoreSlim _slots = new(settings.Concurrency);
    private readonly SemaphoreSlim _parking = new(settings.Parking);
    private int _unrecorded;
    private TaskCompletionSource _woken = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What is to be leased; asked each time.</summary>
    /// <param name="free">Places that are free, and no more than a batch.</param>
    protected virtual LeaseWish Wish(int free) => LeaseWish.UpTo(free);

    /// <summary>One attempt on an entry, to its end in the queue. It may outlive <see cref="QueueWorkerSettings.LeaseDuration"/>: the lease in the holder is renewed meanwhile.</summary>
    /// <param name="lease">The lease that counts is the one in the holder when it is used.</param>
    /// <param name="cancellationToken">Cancelled after the grace of a shutdown; the lease is then given back.</param>
    protected abstract ValueTask AttemptAsync(LeaseHolder lease, CancellationToken cancellationToken);

    /// <summary>The attempt waits for others and does no work: it leaves its place to another one, as long as not too many do. It is renewed and drained as before.</summary>
    /// <returns>False when it keeps its place.</returns>
    protected bool Park(LeaseHolder lease)
    {
        if (lease.Place != _slots || !_parking.Wait(0)) return false;
        lease.Place = _parking;
        _slots.Release();
        return true;
    }

    /// <summary>What is worked on and holds a place; not what is parked.</summary>
    protected IEnumerable<QueueEntry> InPlaces => _running.Values.Where(holder => holder.Place == _slots).Select(holder => holder.Current.Entry);

    /// <summary>What the last <see cref="Wish"/> passed over may be leased now.</summary>
    protected void Wake() => Volatile.Read(ref _woken).TrySetResult();

    public override void Dispose()
    {
        _slots.Dispose();
        _parking.Dispose();
        base.Dispose();
        GC.SuppressFinalize(this);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        logger.Started(route, _worker, settings.Concurrency);
        using var work = new CancellationTokenSource();
        var extending = ExtendLeasesAsync(work.Token);
        try
        {
            await LeaseAndRunAsync(work.Token, stoppingToken);
        }
        catch (Exception) when (stoppingToken.IsCancellationRequested) { }
        await DrainAsync(work);
        await extending;
    }

    private async Task LeaseAndRunAsync(CancellationToken work, CancellationToken stopping)
    {
        var pause = FirstPause;
        var blocked = ShortestWait;
        while (true)
        {
            // Where the end of attempts cannot be written, more of them would end in the same way.
            if (Volatile.Read(ref _unrecorded) is > 0 and var failures) await Task.Delay(failures < 6 ? FirstPause * (1 << failures) : LongestPause, time, stopping);
            var free = await TakeSlotsAsync(stopping);
            var wish = Wish(free);
            IReadOnlyList<QueueLease> leases = [];
            var leasedAt = time.GetTimestamp();
            try
            {
                // What runs may have outlived its lease while the store was away: it is ours before anything else is.
                if (pause > FirstPause) await ExtendAsync(work);
                // Not to be cut short: leases that were given to a caller who no longer listens would block their entries until they expire.
                leases = await queue.LeaseAsync(route, _worker, wish, settings.LeaseDuration, work);
            }
            catch (Exception exception)
            {
                _slots.Release(free);
                if (stopping.IsCancellationRequested) return;
                logger.QueueUnavailable(route, pause, exception);
                await Task.Delay(pause, time, stopping);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
                continue;
            }
            pause = FirstPause;
            var begun = 0;
            foreach (var lease in leases)
            {
                if (_running.TryGetValue(lease.Entry.Id, out var running))
                {
                    running.Current = lease;
                    continue;
                }
                var holder = _running[lease.Entry.Id] = new LeaseHolder(lease, _slots);
                _ = Task.Run(() => RunAsync(holder, work), CancellationToken.None);
                begun++;
            }
            if (begun == free) continue;
            _slots.Release(free - begun);
            if (leases.Count > 0 && wish.IsShare)
            {
                // There may be more of those who had their share.
                blocked = ShortestWait;
                await GatherAsync(leasedAt, stopping);
                continue;
            }
            // All that was due is taken; what came meanwhile has rung the bell.
            // What is due and passed over time and again is no reason to ask without end.
            blocked = leases.Count > 0 ? ShortestWait : blocked * 2 < LongestBlockedWait ? blocked * 2 : LongestBlockedWait;
            await WaitAsync(blocked, stopping);
            if (leases.Count > 0) await GatherAsync(leasedAt, stopping);
        }
    }

    /// <summary>At least one slot, and no more than a batch of them. This loop alone takes slots, so those that are free stay free until it does.</summary>
    private async ValueTask<int> TakeSlotsAsync(CancellationToken cancellationToken)
    {
        await _slots.WaitAsync(cancellationToken);
        var more = Math.Min(_slots.CurrentCount, settings.LeaseBatch - 1);
        // These are free and do not wait; a cancellation half way would lose those taken before.
        for (var i = 0; i < more; i++) await _slots.WaitAsync(CancellationToken.None);
        return more + 1;
    }

    /// <summary>
    /// While mail keeps coming a batch gathers: entries that are leased, delivered and closed together share their commits. What comes after a quiet
    /// time goes at once.
    /// </summary>
    private async ValueTask GatherAsync(long leasedAt, CancellationToken cancellationToken)
    {
        var rest = settings.GatherTime - time.GetElapsedTime(leasedAt);
        if (rest > TimeSpan.Zero) await Task.Delay(rest, time, cancellationToken);
    }

    private async ValueTask WaitAsync(TimeSpan shortest, CancellationToken cancellationToken)
    {
        var woken = _woken.Task;
        var now = time.GetUtcNow();
        var until = now + settings.SweepInterval;
        try
        {
            if (await queue.NextDueAsync(route, cancellationToken) is { } due && due < until) until = due;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            logger.QueueUnavailable(route, settings.SweepInterval, exception);
        }
        // Never a loop without a breath: the queue may call something due that it does not lease, or that the wish passes over.
        if (until < now + shortest) until = now + shortest;
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var rung = bell.WaitAsync(route, until, enough.Token).AsTask();
        await Task.WhenAny(rung, woken);
        await enough.CancelAsync();
        try { await rung; }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested) { }
        if (woken.IsCompleted) Interlocked.Exchange(ref _woken, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
    }

    private async Task RunAsync(LeaseHolder holder, CancellationToken cancellationToken)
    {
        var id = holder.Current.Entry.Id;
        try
        {
            await AttemptAsync(holder, cancellationToken);
            Volatile.Write(ref _unrecorded, 0);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await GiveBackAsync(holder.Current);
        }
        catch (Exception exception)
        {
            // Not even setting it aside worked; the lease expires, and the entry comes again.
            Interlocked.Increment(ref _unrecorded);
            logger.AttemptFailed(id, exception);
        }
        finally
        {
            _running.TryRemove(id, out _);
            holder.Place.Release();
        }
    }

    private async ValueTask GiveBackAsync(QueueLease lease)
    {
        try
        {
            using var timeout = new CancellationTokenSource(GiveBackTimeout, time);
            await queue.CompleteAsync(lease, [], time.GetUtcNow(), [], timeout.Token);
        }
        catch (Exception exception)
        {
            logger.AttemptFailed(lease.Entry.Id, exception);
        }
    }

    private async Task ExtendLeasesAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(settings.LeaseDuration / 4, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                try
                {
                    await ExtendAsync(cancellationToken);
                }
                catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
                {
                    logger.ExtendFailed(exception);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested) { }
    }

    private async ValueTask ExtendAsync(CancellationToken cancellationToken)
    {
        var old = time.GetUtcNow() + settings.LeaseDuration / 2;
        foreach (var holder in _running.Values.Where(h => h.Current.ExpiresAt <= old))
        {
            // Lost ones go on to their end, where the fence refuses them.
            if (await queue.ExtendAsync(holder.Current, settings.LeaseDuration, cancellationToken) is { } later) holder.Current = later;
        }
    }

    private async ValueTask DrainAsync(CancellationTokenSource work)
    {
        (SemaphoreSlim Places, int Count)[] all = [(_slots, settings.Concurrency), (_parking, settings.Parking)];
        var ended = new int[all.Length];
        using (var grace = new CancellationTokenSource(settings.ShutdownGrace, time))
        {
            try
            {
                for (var i = 0; i < all.Length; i++)
                {
                    for (; ended[i] < all[i].Count; ended[i]++) await all[i].Places.WaitAsync(grace.Token);
                }
            }
            catch (OperationCanceledException) { }
        }
        var cutOff = _running.Count;
        await work.CancelAsync();
        for (var i = 0; i < all.Length; i++)
        {
            for (; ended[i] < all[i].Count; ended[i]++) await all[i].Places.WaitAsync(CancellationToken.None);
        }
        logger.Stopped(route, cutOff);
    }
}
