using Merpati.Mail.Policy;
using Merpati.Mailboxes;
using Merpati.Storage;
using Merpati.Timeline;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Merpati.Delivery.Collection;

/// <summary>
/// Removes what nobody needs any more: contents without a queue entry and without a message, leftovers of unfinished writers,
/// delivery keys, mail in quarantine, tombstones and timelines that are old enough. Works in pages, with pauses, and can stop at any point.
/// </summary>
/// <remarks>
/// Nobody counts references, so the order of the questions is what makes this safe. A content is needed first by its queue entry, then
/// by the queue entry and a mailbox, then by the mailbox alone: delivery commits the message before it closes the entry. The queue is
/// therefore asked first. If it needs the content no longer, then whatever mailbox will ever need it needs it already, and the second question sees that;
/// asked the other way round, a message delivered between the questions would be missed by both. A content that is not
/// needed yet, as its message is still being accepted, is younger than the grace.
/// </remarks>
internal sealed class Collector(
    IContentStore contents,
    IMailQueue queue,
    IMailboxStore mailboxes,
    IJournal journal,
    DeliveryMetrics metrics,
    IOptions<DeliveryOptions> options,
    TimeProvider time,
    ILogger<Collector> logger) : BackgroundService
{
    private const int PageSize = 500;

    /// <summary>A slow upload may take hours; its writer must not be pulled away.</summary>
    private static readonly TimeSpan UnfinishedGrace = TimeSpan.FromDays(1);

    private static readonly TimeSpan PauseBetweenPages = TimeSpan.FromMilliseconds(50);

    private readonly DeliveryOptions _options = options.Value;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(_options.CollectInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken)) await CollectAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { }
    }

    /// <summary>One round. The parts do not depend on each other: a store that is away stops its own part alone.</summary>
    public async ValueTask CollectAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var removed = 0;
        long octets = 0;
        var deliveries = 0;
        var tombstones = 0;
        var timelines = 0;
        await TryAsync("contents", async () => (removed, octets) = await RemoveOrphansAsync(now - _options.ContentGrace, cancellationToken), cancellationToken);
        await TryAsync("unfinished contents", async () => removed += await contents.RemoveUnfinishedAsync(now - UnfinishedGrace, cancellationToken), cancellationToken);
        await TryAsync("delivery keys", async () => deliveries = await mailboxes.ForgetDeliveriesAsync(now - _options.KeepDeliveries, cancellationToken), cancellationToken);
        await TryAsync("quarantine", async () => await DiscardQuarantinedAsync(now, cancellationToken), cancellationToken);
        await TryAsync("tombstones", async () => tombstones = await mailboxes.ForgetTombstonesAsync(now - _options.KeepTombstones, cancellationToken), cancellationToken);
        await TryAsync("timelines", async () => timelines = await journal.ForgetAsync(now - _options.KeepTimeline, cancellationToken), cancellationToken);
        if (removed + deliveries + tombstones + timelines > 0) logger.Collected(removed, octets, deliveries, tombstones, timelines);
    }

    private async ValueTask<(int Removed, long Octets)> RemoveOrphansAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        var removed = 0;
        long octets = 0;
        ContentId? after = null;
        while (true)
        {
            var page = await contents.ListAsync(before, after, PageSize, cancellationToken);
            if (page.Count == 0) break;
            after = page[^1].Id;

            // The queue first, then the mailboxes: see the remarks.
            var queued = await queue.FindReferencedAsync([.. page.Select(c => c.Id)], cancellationToken);
            var rest = page.Where(c => !queued.Contains(c.Id)).ToList();
            var kept = rest.Count == 0 ? new HashSet<ContentId>() : await mailboxes.FindReferencedAsync([.. rest.Select(c => c.Id)], cancellationToken);
            var orphans = rest.Where(c => !kept.Contains(c.Id)).ToList();

            if (orphans.Count > 0)
            {
                var size = orphans.Sum(c => c.Size);
                metrics.Orphaned(size);
                await contents.DeleteAsync([.. orphans.Select(c => c.Id)], cancellationToken);
                metrics.Orphaned(0);
                metrics.Collected(size);
                removed += orphans.Count;
                octets += size;
            }
            if (page.Count < PageSize) break;
            await Task.Delay(PauseBetweenPages, time, cancellationToken);
        }
        return (removed, octets);
    }

    private async ValueTask DiscardQuarantinedAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        const string reason = "quarantine-expired";
        var expired = new QueueFilter { Route = QueueRoute.Local, State = RecipientState.Held, Reply = VerdictHeader.QuarantinedPrefix, AcceptedBefore = now - _options.KeepQuarantined };
        var discarded = await queue.DiscardAsync(expired, reason, cancellationToken);
        foreach (var id in discarded) logger.QuarantineExpired(id);
        if (discarded.Count > 0) await journal.AppendAsync(null, [.. discarded.Select(id => new TimelineEvent(id, now, TimelineStep.Discarded, null, reason))], cancellationToken);
    }

    private async ValueTask TryAsync(string task, Func<Task> work, CancellationToken cancellationToken)
    {
        try
        {
            await work();
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            logger.CollectorFailed(task, exception);
        }
    }
}
