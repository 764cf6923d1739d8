using Merpati.Mailboxes;
using Merpati.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Merpati.Delivery.Mailboxes;

/// <summary>
/// Brings the search index up to date, off the path of delivery: what waits is read in batches, the first that came first. The stores know what waits, so that a crash, a message of an older
/// version and a rebuild are all the same to it; and a search reads what still waits, so that nobody waits for it. Therefore it can be patient: where nothing waits it looks ever more rarely,
/// and where much does it rests between the batches, the longer the more the process has to do otherwise.
/// </summary>
public sealed class SearchIndexer(ISearchIndex index, IContentStore contents, SearchMetrics metrics, TimeProvider time, ILogger<SearchIndexer> logger) : BackgroundService
{
    private const int Batch = 100;

    /// <summary>Rests, as multiples of the time a batch took: on a server with little to do, and on one whose processors are more than half taken.</summary>
    private const int RestAtEase = 1;
    private const int RestUnderLoad = 7;

    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RarestLook = TimeSpan.FromSeconds(16);
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(30);

    /// <summary>Forgets all texts and begins anew; searches stay right, and slower until it is done.</summary>
    public async ValueTask RebuildAsync(CancellationToken cancellationToken)
    {
        logger.IndexRebuilt();
        await index.RebuildAsync(cancellationToken);
    }

    /// <summary>Indexes all that waits now.</summary>
    public async ValueTask CatchUpAsync(CancellationToken cancellationToken)
    {
        while (await StepAsync(cancellationToken) == Batch) { }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            var pause = Look;
            for (var prepared = false; ;)
            {
                try
                {
                    if (!prepared) await index.PrepareAsync(stoppingToken);
                    prepared = true;
                    pause = await CatchUpAtLeisureAsync(stoppingToken) ? Look : pause < RarestLook ? pause * 2 : RarestLook;
                }
                catch (Exception fault) when (!stoppingToken.IsCancellationRequested)
                {
                    logger.IndexingStopped(fault);
                    pause = AfterFailure;
                }
                await Task.Delay(pause, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { }
    }

    /// <summary>True when something waited.</summary>
    private async ValueTask<bool> CatchUpAtLeisureAsync(CancellationToken cancellationToken)
    {
        for (var some = false; ;)
        {
            var (started, cpu) = (time.GetTimestamp(), Environment.CpuUsage.TotalTime);
            var indexed = await StepAsync(cancellationToken);
            some |= indexed > 0;
            // Less than a batch was all that there is, and nobody need count it.
            metrics.Waiting(indexed < Batch ? 0 : await index.CountWaitingAsync(cancellationToken));
            if (indexed < Batch) return some;
            var elapsed = time.GetElapsedTime(started);
            var underLoad = Environment.CpuUsage.TotalTime - cpu > elapsed * Environment.ProcessorCount / 2;
            await Task.Delay(elapsed * (underLoad ? RestUnderLoad : RestAtEase), time, cancellationToken);
        }
    }

    /// <summary>How many were indexed; more may wait when it was a whole batch.</summary>
    private async ValueTask<int> StepAsync(CancellationToken cancellationToken)
    {
        var waiting = await index.WaitingAsync(Batch, cancellationToken);
        if (waiting.Count == 0) return 0;
        var texts = new List<IndexedText>(waiting.Count);
        foreach (var message in waiting) texts.Add(await ReadAsync(message, cancellationToken));
        await index.AddAsync(texts, cancellationToken);
        metrics.Indexed(texts.Count, texts.Sum(text => (long)text.Text.Length + text.Signature.Length));
        return waiting.Count;
    }

    private async ValueTask<IndexedText> ReadAsync(UnindexedMessage message, CancellationToken cancellationToken)
    {
        try { return await TextIndexing.ReadAsync(message, contents, cancellationToken); }
        catch (Exception damage) when (damage is ContentDamagedException or EndOfStreamException)
        {
            logger.IndexingSkippedDamage(message.Content, damage);
            return IndexedText.Unreadable(message.Key);
        }
    }
}
