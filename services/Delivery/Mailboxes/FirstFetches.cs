using System.Threading.Channels;
using Merpati.Accounts;
using Merpati.Mailboxes;
using Merpati.Queueing;
using Merpati.Storage;
using Merpati.Timeline;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Merpati.Delivery.Mailboxes;

/// <summary>
/// Writes into the timeline that a client read a message for the first time. It never slows a reader: what does not fit is left out.
/// </summary>
public sealed class FirstFetches(IJournal journal, IDirectory directory, TimeProvider time, ILogger<FirstFetches> logger) : BackgroundService
{
    private const int MaxWaiting = 4096;

    private static readonly TimeSpan GatherFor = TimeSpan.FromMilliseconds(200);

    private readonly record struct Fetch(QueueId QueueId, AccountId Account, DateTimeOffset At);

    private readonly Channel<Fetch> _waiting = Channel.CreateBounded<Fetch>(new BoundedChannelOptions(MaxWaiting) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
    private readonly RecentSet<(QueueId, AccountId)> _seen = new(capacity: 20_000);

    /// <summary>The account read the body of the message; messages that did not come through the queue have no timeline.</summary>
    public void Note(AccountId account, string emailId)
    {
        if (EmailIds.TryGetQueueId(emailId, out var id) && _seen.Add((id, account))) _waiting.Writer.TryWrite(new Fetch(id, account, time.GetUtcNow()));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var batch = new List<Fetch>(MaxWaiting);
        while (await _waiting.Reader.WaitToReadAsync(stoppingToken))
        {
            // A client that reads its mailbox through makes one of these a message: together they cost one commit, and the readers keep the disk.
            await Task.Delay(GatherFor, time, stoppingToken);
            while (batch.Count < MaxWaiting && _waiting.Reader.TryRead(out var fetch)) batch.Add(fetch);
            await RecordAsync(batch, stoppingToken);
            batch.Clear();
        }
    }

    private async ValueTask RecordAsync(List<Fetch> batch, CancellationToken cancellationToken)
    {
        var events = new List<TimelineEvent>(batch.Count);
        foreach (var fetch in batch)
        {
            try
            {
                if (await FindNewsAsync(fetch, cancellationToken) is { } news) events.Add(news);
            }
            catch (Exception fault) when (fault is not OperationCanceledException) { logger.FirstFetchLost(fetch.QueueId, fault); }
        }
        if (events.Count == 0) return;
        try { await journal.AppendAsync(null, events, cancellationToken); }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            foreach (var lost in events) logger.FirstFetchLost(lost.QueueId, fault);
        }
    }

    private async ValueTask<TimelineEvent?> FindNewsAsync(Fetch fetch, CancellationToken cancellationToken)
    {
        var reader = (await directory.GetAccountAsync(fetch.Account, cancellationToken))?.Address.ToString() ?? fetch.Account.ToString();
        // The memory of this process is short: an earlier one may have written it.
        var events = await journal.ReadAsync(fetch.QueueId, cancellationToken);
        if (events.Any(e => e.Step == TimelineStep.FirstFetched && e.Recipient == reader)) return null;
        return new TimelineEvent(fetch.QueueId, fetch.At, TimelineStep.FirstFetched, reader, "the body was read");
    }
}
