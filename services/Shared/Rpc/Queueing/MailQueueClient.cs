using Google.Protobuf.WellKnownTypes;
using Merpati.Accounts.V1;
using Merpati.Mailboxes;
using Merpati.Mailboxes.V1;
using Merpati.Queueing;
using Merpati.Rpc.Calls;
using Merpati.Storage;
using Wire = Merpati.Queueing.V1;

namespace Merpati.Rpc.Queueing;

/// <summary>
/// <see cref="IMailQueue"/> at Delivery. Enqueue is idempotent only while the entry is in the queue: a second one that came after the entry was closed would open it again.
/// So every change is made once.
/// </summary>
internal sealed class MailQueueClient(Wire.MailQueueService.MailQueueServiceClient client, Caller caller) : IMailQueue
{
    public async ValueTask EnqueueAsync(IReadOnlyList<QueueEntry> entries, CancellationToken cancellationToken)
        => await caller.AskAsync(CallKind.Once, client.EnqueueAllAsync, new Wire.EnqueueAllRequest { Entries = { entries.Select(QueueConversions.ToWire) } }, cancellationToken);

    public async ValueTask<IReadOnlyList<QueueLease>> LeaseAsync(QueueRoute route, string worker, LeaseWish wish, TimeSpan duration, CancellationToken cancellationToken)
    {
        var leases = new List<QueueLease>();
        var request = new Wire.LeaseRequest
        {
            Route = route.ToWire(),
            Worker = worker,
            Limit = wish.Limit,
            PerDestination = Most(wish.PerDestination),
            PerSender = Most(wish.PerSender),
            ExceptDestinations = { wish.ExceptDestinations },
            WellKnown = { wish.WellKnown.Select(known => new Wire.WellKnownDestination { Name = known.Key, Entries = known.Value }) },
            Duration = Duration.FromTimeSpan(duration),
        };
        if (wish.MostUnknown != int.MaxValue) request.MostUnknown = wish.MostUnknown;
        await foreach (var response in caller.ReadAsync(CallKind.Once, client.Lease, request, cancellationToken)) leases.AddRange(response.Leases.Select(lease => lease.ToContract()));
        return leases;
    }

    public async ValueTask<QueueLease?> ExtendAsync(QueueLease lease, TimeSpan duration, CancellationToken cancellationToken)
        => (await caller.AskAsync(CallKind.Repeatable, client.ExtendAsync, new Wire.ExtendRequest { Lease = lease.ToWire(), Duration = Duration.FromTimeSpan(duration) }, cancellationToken)).Lease?.ToContract();

    public async ValueTask<bool> IntendAsync(QueueLease lease, IReadOnlyList<Addresses.EmailAddress> recipients, string host, CancellationToken cancellationToken)
        => (await caller.AskAsync(CallKind.Repeatable, client.IntendAsync, new Wire.IntendRequest { Lease = lease.ToWire(), Recipients = { recipients.Select(DirectoryConversions.ToWire) }, Host = host }, cancellationToken)).Intended;

    public async ValueTask<bool> CompleteAsync(QueueLease lease, IReadOnlyList<RecipientResult> results, DateTimeOffset nextAttemptAt, IReadOnlyList<QueueEntry> successors, CancellationToken cancellationToken)
    {
        var request = new Wire.CompleteRequest
        {
            Lease = lease.ToWire(),
            Results = { results.Select(QueueConversions.ToWire) },
            NextAttemptAt = nextAttemptAt.ToTimestamp(),
            Successors = { successors.Select(QueueConversions.ToWire) },
        };
        return (await caller.AskAsync(CallKind.Once, client.CompleteAsync, request, cancellationToken)).Completed;
    }

    public async ValueTask<DateTimeOffset?> NextDueAsync(QueueRoute route, CancellationToken cancellationToken)
        => (await caller.AskAsync(CallKind.Question, client.GetNextDueAsync, new Wire.GetNextDueRequest { Route = route.ToWire() }, cancellationToken)).DueAt?.ToContract();

    public async ValueTask<QueueEntry?> FindAsync(QueueId id, CancellationToken cancellationToken)
        => (await caller.AskAsync(CallKind.Question, client.FindAsync, new Wire.FindRequest { QueueId = id.Value.ToWire() }, cancellationToken)).Entry?.ToContract();

    public async ValueTask<IReadOnlyList<QueueEntry>> BrowseAsync(QueueFilter filter, QueueId? after, int limit, CancellationToken cancellationToken)
    {
        var entries = new List<QueueEntry>();
        var request = new Wire.BrowseRequest { Filter = filter.ToWire(), Limit = limit };
        if (after is { } last) request.AfterQueueId = last.Value.ToWire();
        await foreach (var response in caller.ReadAsync(CallKind.Question, client.Browse, request, cancellationToken)) entries.AddRange(response.Entries.Select(entry => entry.ToContract()));
        return entries;
    }

    public async ValueTask<IReadOnlyList<QueueId>> HoldAsync(QueueFilter filter, string reason, CancellationToken cancellationToken)
        => Ids((await caller.AskAsync(CallKind.Once, client.HoldAsync, new Wire.HoldRequest { Filter = filter.ToWire(), Reason = reason }, cancellationToken)).QueueIds);

    public async ValueTask<IReadOnlyList<QueueId>> ReleaseAsync(QueueFilter filter, CancellationToken cancellationToken)
        => Ids((await caller.AskAsync(CallKind.Once, client.ReleaseAsync, new Wire.ReleaseRequest { Filter = filter.ToWire() }, cancellationToken)).QueueIds);

    public async ValueTask<IReadOnlyList<QueueId>> RetryNowAsync(QueueFilter filter, CancellationToken cancellationToken)
        => Ids((await caller.AskAsync(CallKind.Once, client.RetryNowAsync, new Wire.RetryNowRequest { Filter = filter.ToWire() }, cancellationToken)).QueueIds);

    public async ValueTask<IReadOnlyList<QueueId>> BounceAsync(QueueFilter filter, string reason, CancellationToken cancellationToken)
        => Ids((await caller.AskAsync(CallKind.Once, client.BounceAsync, new Wire.BounceRequest { Filter = filter.ToWire(), Reason = reason }, cancellationToken)).QueueIds);

    public async ValueTask<IReadOnlyList<QueueId>> DiscardAsync(QueueFilter filter, string reason, CancellationToken cancellationToken)
        => Ids((await caller.AskAsync(CallKind.Once, client.DiscardAsync, new Wire.DiscardRequest { Filter = filter.ToWire(), Reason = reason }, cancellationToken)).QueueIds);

    public async ValueTask<IReadOnlyList<QueueCount>> CountAsync(CancellationToken cancellationToken)
        => [.. (await caller.AskAsync(CallKind.Question, client.CountAsync, new Wire.CountRequest(), cancellationToken)).Counts.Select(QueueConversions.ToContract)];

    public async ValueTask<Ledger> LedgerAsync(CancellationToken cancellationToken)
        => (await caller.AskAsync(CallKind.Question, client.GetLedgerAsync, new Wire.GetLedgerRequest(), cancellationToken)).ToContract();

    public async ValueTask<IReadOnlySet<ContentId>> FindReferencedAsync(IReadOnlyList<ContentId> contents, CancellationToken cancellationToken)
    {
        var request = new Wire.FindReferencedRequest { ContentIds = { contents.Select(content => content.Value.ToWire()) } };
        var response = await caller.AskAsync(CallKind.Question, client.FindReferencedAsync, request, cancellationToken);
        return response.ContentIds.Select(id => new ContentId(id.ToGuid())).ToHashSet();
    }

    private static int Most(int most) => most == int.MaxValue ? 0 : most;

    private static QueueId[] Ids(IEnumerable<Google.Protobuf.ByteString> ids) => [.. ids.Select(id => new QueueId(id.ToGuid()))];
}
