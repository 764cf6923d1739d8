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
    private const int MaxWaiting = 1024;

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
        await foreach (var fetch in _waiting.Reader.ReadAllAsync(stoppingToken))
        {
            try { await RecordAsync(fetch, stoppingToken); }
            catch (Exception fault) when (fault is not OperationCanceledException) { logger.FirstFetchLost(fetch.QueueId, fault); }
        }
    }

    private async ValueTask RecordAsync(Fetch fetch, CancellationToken cancellationToken)
    {
        var reader = (await directory.GetAccountAsync(fetch.Account, cancellationToken))?.Address.ToString() ?? fetch.Account.ToString();
        // The memory of this process is short: an earlier one may have written it.
        var events = await journal.ReadAsync(fetch.QueueId, cancellationToken);
        if (events.Any(e => e.Step == TimelineStep.FirstFetched && e.Recipient == reader)) return;
        await journal.AppendAsync(null, [new TimelineEvent(fetch.QueueId, fetch.At, TimelineStep.FirstFetched, reader, "the body was read")], cancellationToken);
    }
}
