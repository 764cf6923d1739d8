using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.Mailboxes;
using Merpati.Queueing;
using Merpati.Storage;
using Merpati.Timeline;

namespace Merpati.Tests.Unit.Cli;

/// <summary>A queue with one entry that remembers what it was asked, and the timeline of that entry.</summary>
internal sealed class QueueOfOne : IMailQueue, IJournal, IQueuedHeaders
{
    public QueueEntry Entry { get; private set; } = new()
    {
        Id = new QueueId(Guid.ParseExact("0196a0b0c0d07000800000000000abcd", "N")),
        Route = QueueRoute.Local,
        Content = new ContentId(Guid.Empty),
        Size = 2048,
        TraceHeaders = ReadOnlyMemory<byte>.Empty,
        ReversePath = new ReversePath(EmailAddress.Parse("sender@elsewhere.test")),
        Recipients = [new QueueRecipient { Recipient = new EnvelopeRecipient(EmailAddress.Parse("ann@example.test")), State = RecipientState.Queued, Detail = "4.2.2 full\u001b[2J" }],
        AcceptedAt = new DateTimeOffset(2026, 5, 4, 12, 0, 0, TimeSpan.Zero),
        Attempts = 3,
    };

    /// <summary>What the message was judged by.</summary>
    public string? Decision { get; set; }

    public List<(string Action, QueueFilter Filter, string? Reason)> Asked { get; } = [];

    /// <summary>What was added to the timeline.</summary>
    public List<TimelineEvent> Told { get; } = [];

    public ValueTask<QueueEntry?> FindAsync(QueueId id, CancellationToken cancellationToken) => ValueTask.FromResult(id == Entry.Id ? Entry : null);

    public ValueTask<IReadOnlyList<QueueEntry>> BrowseAsync(QueueFilter filter, QueueId? after, int limit, CancellationToken cancellationToken)
    {
        Asked.Add(("browse", filter, null));
        return ValueTask.FromResult<IReadOnlyList<QueueEntry>>(after is null && (filter.State ?? RecipientState.Queued) == RecipientState.Queued ? [Entry] : []);
    }

    public ValueTask<IReadOnlyList<QueueId>> HoldAsync(QueueFilter filter, string reason, CancellationToken cancellationToken) => Act("hold", filter, reason);

    public ValueTask<IReadOnlyList<QueueId>> ReleaseAsync(QueueFilter filter, CancellationToken cancellationToken) => Act("release", filter, null);

    public ValueTask<IReadOnlyList<QueueId>> RetryNowAsync(QueueFilter filter, CancellationToken cancellationToken) => Act("retry", filter, null);

    public ValueTask<IReadOnlyList<QueueId>> BounceAsync(QueueFilter filter, string reason, CancellationToken cancellationToken) => Act("bounce", filter, reason);

    public ValueTask<IReadOnlyList<QueueId>> DiscardAsync(QueueFilter filter, string reason, CancellationToken cancellationToken) => Act("discard", filter, reason);

    public ValueTask<IReadOnlyList<QueueCount>> CountAsync(CancellationToken cancellationToken)
        => ValueTask.FromResult<IReadOnlyList<QueueCount>>([new QueueCount(QueueRoute.Local, RecipientState.Queued, "example.test", 1, default)]);

    public ValueTask<Ledger> LedgerAsync(CancellationToken cancellationToken)
        => ValueTask.FromResult(new Ledger(10, new Dictionary<RecipientState, long> { [RecipientState.Delivered] = 8, [RecipientState.Bounced] = 1 }, 1));

    ValueTask<ReadOnlyMemory<byte>?> IQueuedHeaders.ReadAsync(QueueId id, CancellationToken cancellationToken)
        => ValueTask.FromResult<ReadOnlyMemory<byte>?>(id == Entry.Id ? "Received: by us\r\nSubject: Gr\u00fc\u00dfe\u001b[2J\r\n"u8.ToArray() : null);

    public ValueTask<ReadOnlyMemory<byte>?> ReadBeginningAsync(QueueId id, CancellationToken cancellationToken)
        => ValueTask.FromResult<ReadOnlyMemory<byte>?>(id == Entry.Id ? "From: Bad <bad@elsewhere.test>\r\nSubject: Win\r\n\r\nClick http://evil.test/ now\u001b[2J\r\n"u8.ToArray() : null);

    public ValueTask<IReadOnlyList<TimelineEvent>> ReadAsync(QueueId id, CancellationToken cancellationToken)
        => ValueTask.FromResult<IReadOnlyList<TimelineEvent>>(id != Entry.Id ? [] :
        [
            new TimelineEvent(Entry.Id, Entry.AcceptedAt, TimelineStep.Accepted, null, "ESMTP from mx.elsewhere.test"),
            new TimelineEvent(Entry.Id, Entry.AcceptedAt.AddSeconds(1), TimelineStep.Delivered, "ann@example.test", "INBOX, UID 7"),
        ]);

    ValueTask<TimelineSubject?> IJournal.FindAsync(QueueId id, CancellationToken cancellationToken) => ValueTask.FromResult(id == Entry.Id ? Subject() : null);

    public ValueTask<IReadOnlyList<TimelineSubject>> SearchAsync(string messageIdOrAddress, int limit, CancellationToken cancellationToken)
        => ValueTask.FromResult<IReadOnlyList<TimelineSubject>>(messageIdOrAddress is "<1/2@elsewhere.test>" or "ann@example.test" ? [Subject()] : []);

    public ValueTask EnqueueAsync(IReadOnlyList<QueueEntry> entries, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<QueueLease>> LeaseAsync(QueueRoute route, string worker, LeaseWish wish, TimeSpan duration, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<bool> IntendAsync(QueueLease lease, IReadOnlyList<EmailAddress> recipients, string host, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<QueueLease?> ExtendAsync(QueueLease lease, TimeSpan duration, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<bool> CompleteAsync(QueueLease lease, IReadOnlyList<RecipientResult> results, DateTimeOffset nextAttemptAt, IReadOnlyList<QueueEntry> successors, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<DateTimeOffset?> NextDueAsync(QueueRoute route, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<IReadOnlySet<ContentId>> FindReferencedAsync(IReadOnlyList<ContentId> contents, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask AppendAsync(TimelineSubject? subject, IReadOnlyList<TimelineEvent> events, CancellationToken cancellationToken)
    {
        Told.AddRange(events);
        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<TimelineDecision>> DecisionsAsync(DateTimeOffset since, QueueId? after, int limit, CancellationToken cancellationToken)
        => ValueTask.FromResult<IReadOnlyList<TimelineDecision>>(Decision is null || after is not null || since > Entry.AcceptedAt ? [] : [new TimelineDecision(Entry.Id, Entry.AcceptedAt, Decision)]);

    public ValueTask<int> ForgetAsync(DateTimeOffset before, CancellationToken cancellationToken) => throw new NotSupportedException();

    private TimelineSubject Subject() => new(Entry.Id, Entry.AcceptedAt, "<1/2@elsewhere.test>", "sender@elsewhere.test", ["ann@example.test"], Entry.Size, "203.0.113.9") { Decision = Decision };

    private ValueTask<IReadOnlyList<QueueId>> Act(string action, QueueFilter filter, string? reason)
    {
        Asked.Add((action, filter, reason));
        return ValueTask.FromResult<IReadOnlyList<QueueId>>(filter.Id is null || filter.Id == Entry.Id ? [Entry.Id] : []);
    }
}
