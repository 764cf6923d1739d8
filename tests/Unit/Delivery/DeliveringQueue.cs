using Merpati.Addresses;
using Merpati.Mailboxes;
using Merpati.Queueing;
using Merpati.Storage;

namespace Merpati.Tests.Unit.Delivery;

/// <summary>A queue in which something happens right after it was asked for references.</summary>
internal sealed class DeliveringQueue(IMailQueue queue, Func<Task> afterQuestion) : IMailQueue
{
    public async ValueTask<IReadOnlySet<ContentId>> FindReferencedAsync(IReadOnlyList<ContentId> contents, CancellationToken cancellationToken)
    {
        var found = await queue.FindReferencedAsync(contents, cancellationToken);
        await afterQuestion();
        return found;
    }

    public ValueTask EnqueueAsync(IReadOnlyList<QueueEntry> entries, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<QueueLease>> LeaseAsync(QueueRoute route, string worker, LeaseWish wish, TimeSpan duration, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<bool> IntendAsync(QueueLease lease, IReadOnlyList<EmailAddress> recipients, string host, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<QueueLease?> ExtendAsync(QueueLease lease, TimeSpan duration, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<bool> CompleteAsync(QueueLease lease, IReadOnlyList<RecipientResult> results, DateTimeOffset nextAttemptAt, IReadOnlyList<QueueEntry> successors, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<DateTimeOffset?> NextDueAsync(QueueRoute route, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<QueueEntry?> FindAsync(QueueId id, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<QueueEntry>> BrowseAsync(QueueFilter filter, QueueId? after, int limit, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<QueueId>> HoldAsync(QueueFilter filter, string reason, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<QueueId>> ReleaseAsync(QueueFilter filter, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<QueueId>> RetryNowAsync(QueueFilter filter, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<QueueId>> BounceAsync(QueueFilter filter, string reason, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<QueueId>> DiscardAsync(QueueFilter filter, string reason, CancellationToken cancellationToken) => ValueTask.FromResult<IReadOnlyList<QueueId>>([]);

    public ValueTask<IReadOnlyList<QueueCount>> CountAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<Ledger> LedgerAsync(CancellationToken cancellationToken) => throw new NotSupportedException();
}
