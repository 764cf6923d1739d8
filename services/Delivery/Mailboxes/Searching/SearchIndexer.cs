using Merpati.Mailboxes;
using Merpati.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Merpati.Delivery.Mailboxes;

/// <summary>
/// Brings the search index up to date, off the path of delivery: what waits is read in batches, the first that came first. The stores know what waits, so that a crash, a message of an older
/// version and a rebuild are all the same to it; and a search reads what still waits, so that nobody waits for it.
/// </summary>
public sealed class SearchIndexer(ISearchIndex index, IContentStore contents, SearchMetrics metrics, TimeProvider time, ILogger<SearchIndexer> logger) : BackgroundService
{
    private const int Batch = 100;

    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
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
        while (await StepAsync(cancellationToken)) { }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            for (var prepared = false; ;)
            {
                var pause = Look;
                try
                {
                    if (!prepared) await index.PrepareAsync(stoppingToken);
                    prepared = true;
                    await CatchUpAsync(stoppingToken);
                    metrics.Waiting(await index.CountWaitingAsync(stoppingToken));
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

    /// <summary>True when more may wait.</summary>
    private async ValueTask<bool> StepAsync(CancellationToken cancellationToken)
    {
        var waiting = await index.WaitingAsync(Batch, cancellationToken);
        if (waiting.Count == 0) return false;
        var texts = new List<IndexedText>(waiting.Count);
        foreach (var message in waiting) texts.Add(await ReadAsync(message, cancellationToken));
        await index.AddAsync(texts, cancellationToken);
        metrics.Indexed(texts.Count, texts.Sum(text => (long)text.Text.Length + text.Signature.Length));
        return waiting.Count == Batch;
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
