using Merpati.Addresses;
using Merpati.Mailboxes;
using Merpati.Queueing;
using Merpati.Storage;

namespace Merpati.TestKit.Stores;

/// <summary>The mail queue in memory, for unit tests; the contract tests hold the real ones to the same semantics.</summary>
public sealed class InMemoryMailQueue(TimeProvider time) : IMailQueue
{
    private readonly Lock _lock = new();
    private readonly Dictionary<QueueId, Slot> _slots = [];
    private readonly Dictionary<RecipientState, long> _closed = [];
    private long _accepted;
    private long _token;
    private int _asked;

    /// <summary>Thrown by the next call that changes something, once.</summary>
    public Exception? FailNext { get; set; }

    /// <summary>While it is there, calls that change something fail with it.</summary>
    public Exception? Outage { get; set; }

    /// <summary>While it is there, no intent can be written.</summary>
    public Exception? FailIntents { get; set; }

    /// <summary>Calls of <see cref="LeaseAsync"/> and <see cref="IntendAsync"/>, those that failed too.</summary>
    public int Asked => _asked;

    /// <summary>Runs before a completion is recorded; throw to let it fail.</summary>
    public Action<QueueLease>? BeforeComplete { get; set; }

    public IReadOnlyList<QueueEntry> Entries
    {
        get { lock (_lock) return [.. _slots.Values.Select(s => s.Entry).OrderBy(e => e.AcceptedAt)]; }
    }

    public ValueTask EnqueueAsync(IReadOnlyList<QueueEntry> entries, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            foreach (var entry in entries) Insert(entry);
        }
        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<QueueLease>> LeaseAsync(QueueRoute route, string worker, LeaseWish wish, TimeSpan duration, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _asked++;
            Fail();
            var now = time.GetUtcNow();
            var leases = new List<QueueLease>();
            var choice = new LeaseChoice<Slot>(wish);
            var due = _slots.Values.Where(s => s.Entry.Route == route && Due(s) <= now).OrderByDescending(s => s.Entry.Priority).ThenBy(Due);
            choice.Offer(due.Select(s => new DueEntry<Slot>(s, s.Entry.Destination, s.Entry.Submitter?.ToString() ?? s.Entry.ReversePath.ToString().ToLowerInvariant(), s.Entry.Priority, Due(s)!.Value)));
            foreach (var slot in choice.Choose())
            {
                slot.Entry = slot.Entry with { Attempts = slot.Entry.Attempts + 1 };
                slot.Lease = new QueueLease(slot.Entry, worker, ++_token, now + duration);
                leases.Add(slot.Lease);
            }
            return ValueTask.FromResult<IReadOnlyList<QueueLease>>(leases);
        }
    }

    public ValueTask<QueueLease?> ExtendAsync(QueueLease lease, TimeSpan duration, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Fail();
            if (Leased(lease) is not { } slot) return ValueTask.FromResult<QueueLease?>(null);
            slot.Lease = lease with { ExpiresAt = time.GetUtcNow() + duration };
            return ValueTask.FromResult<QueueLease?>(slot.Lease);
        }
    }

    public ValueTask<bool> IntendAsync(QueueLease lease, IReadOnlyList<EmailAddress> recipients, string host, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _asked++;
            Fail();
            if (FailIntents is { } refused) throw refused;
            if (Leased(lease) is not { } slot) return ValueTask.FromResult(false);
            var intent = new RelayIntent(host, time.GetUtcNow());
            slot.Entry = slot.Entry with { Recipients = [.. slot.Entry.Recipients.Select(r => r.State == RecipientState.Queued && recipients.Contains(r.Recipient.Address) ? r with { Intent = intent } : r)] };
            return ValueTask.FromResult(true);
        }
    }

    public ValueTask<bool> CompleteAsync(QueueLease lease, IReadOnlyList<RecipientResult> results, DateTimeOffset nextAttemptAt, IReadOnlyList<QueueEntry> successors, CancellationToken cancellationToken)
    {
        BeforeComplete?.Invoke(lease);
        lock (_lock)
        {
            Fail();
            if (Leased(lease) is not { } slot) return ValueTask.FromResult(false);
            foreach (var result in results) slot.Entry = slot.Entry with { Recipients = [.. slot.Entry.Recipients.Select(r => Apply(r, result))] };
            foreach (var successor in successors) Insert(successor);
            slot.Lease = null;
            slot.Entry = slot.Entry with { NextAttemptAt = nextAttemptAt };
            Close(slot);
            return ValueTask.FromResult(true);
        }
    }

    public ValueTask<DateTimeOffset?> NextDueAsync(QueueRoute route, CancellationToken cancellationToken)
    {
        lock (_lock) return ValueTask.FromResult(_slots.Values.Where(s => s.Entry.Route == route).Min(Due));
    }

    public ValueTask<QueueEntry?> FindAsync(QueueId id, CancellationToken cancellationToken)
    {
        lock (_lock) return ValueTask.FromResult(_slots.TryGetValue(id, out var slot) ? slot.Entry : null);
    }

    public ValueTask<IReadOnlyList<QueueEntry>> BrowseAsync(QueueFilter filter, QueueId? after, int limit, CancellationToken cancellationToken)
    {
        lock (_lock) return ValueTask.FromResult<IReadOnlyList<QueueEntry>>([.. Matching(filter).Select(s => s.Entry).OrderBy(e => e.AcceptedAt).SkipWhile(e => after is not null && e.Id != after).Skip(after is null ? 0 : 1).Take(limit)]);
    }

    public ValueTask<IReadOnlyList<QueueId>> HoldAsync(QueueFilter filter, string reason, CancellationToken cancellationToken)
        => ChangeAsync(filter, r => r.State == RecipientState.Queued ? r with { State = RecipientState.Held, Detail = reason } : r, dueNow: false);

    public ValueTask<IReadOnlyList<QueueId>> ReleaseAsync(QueueFilter filter, CancellationToken cancellationToken)
        => ChangeAsync(filter, r => r.State == RecipientState.Held ? r with { State = RecipientState.Queued } : r, dueNow: true);

    public ValueTask<IReadOnlyList<QueueId>> RetryNowAsync(QueueFilter filter, CancellationToken cancellationToken) => ChangeAsync(filter, r => r, dueNow: true);

    public ValueTask<IReadOnlyList<QueueId>> BounceAsync(QueueFilter filter, string reason, CancellationToken cancellationToken)
        => ChangeAsync(filter, r => IsOpen(r) ? r with { State = RecipientState.Queued, BounceRequested = reason } : r, dueNow: true);

    public ValueTask<IReadOnlyList<QueueId>> DiscardAsync(QueueFilter filter, string reason, CancellationToken cancellationToken)
        => ChangeAsync(filter, r => r.State is RecipientState.Queued or RecipientState.Held ? r with { State = RecipientState.Discarded, Detail = reason } : r, dueNow: false);

    public ValueTask<IReadOnlyList<QueueCount>> CountAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return ValueTask.FromResult<IReadOnlyList<QueueCount>>([.. _slots.Values
                .SelectMany(s => s.Entry.Recipients.Where(IsOpen).Select(r => (Key: (s.Entry.Route, r.State, r.Recipient.Address.Domain), s.Entry.AcceptedAt)))
                .GroupBy(one => one.Key, one => one.AcceptedAt).Select(g => new QueueCount(g.Key.Route, g.Key.State, g.Key.Domain, g.LongCount(), g.Min()))]);
        }
    }

    public ValueTask<Ledger> LedgerAsync(CancellationToken cancellationToken)
    {
        lock (_lock) return ValueTask.FromResult(new Ledger(_accepted, new Dictionary<RecipientState, long>(_closed), _slots.Values.Sum(s => s.Entry.Recipients.LongCount(IsOpen))));
    }

    public ValueTask<IReadOnlySet<ContentId>> FindReferencedAsync(IReadOnlyList<ContentId> contents, CancellationToken cancellationToken)
    {
        lock (_lock) return ValueTask.FromResult<IReadOnlySet<ContentId>>(_slots.Values.Select(s => s.Entry.Content).Where(contents.Contains).ToHashSet());
    }

    private static bool IsOpen(QueueRecipient recipient) => recipient.State is RecipientState.Queued or RecipientState.Held;

    private static DateTimeOffset? Due(Slot slot)
        => slot.Lease?.ExpiresAt ?? (slot.Entry.Recipients.Any(r => r.State == RecipientState.Queued) ? slot.Entry.NextAttemptAt : null);

    private void Insert(QueueEntry entry)
    {
        if (!_slots.TryAdd(entry.Id, new Slot { Entry = entry })) return;
        _accepted += entry.Recipients.Count;
    }

    private QueueRecipient Apply(QueueRecipient recipient, RecipientResult result)
    {
        if (!recipient.Recipient.Address.Equals(result.Recipient)) return recipient;
        return Closed(recipient, recipient with { State = result.State, Detail = result.Detail, DelayReported = recipient.DelayReported || result.DelayReported, Intent = result.IntentStays ? recipient.Intent : null });
    }

    private QueueRecipient Closed(QueueRecipient recipient, QueueRecipient changed)
    {
        if (IsOpen(recipient) && !IsOpen(changed)) _closed[changed.State] = _closed.GetValueOrDefault(changed.State) + 1;
        return changed;
    }

    private void Close(Slot slot)
    {
        if (!slot.Entry.Recipients.Any(IsOpen)) _slots.Remove(slot.Entry.Id);
    }

    private Slot? Leased(QueueLease lease) => _slots.TryGetValue(lease.Entry.Id, out var slot) && slot.Lease?.Token == lease.Token ? slot : null;

    private IEnumerable<Slot> Matching(QueueFilter filter) => _slots.Values.Where(s =>
        (filter.Id is null || s.Entry.Id == filter.Id)
        && (filter.Route is null || s.Entry.Route == filter.Route)
        && (filter.State is null || s.Entry.Recipients.Any(r => r.State == filter.State))
        && (filter.Sender is null || s.Entry.ReversePath.ToString().Contains(filter.Sender, StringComparison.OrdinalIgnoreCase))
        && (filter.Recipient is null || s.Entry.Recipients.Any(r => r.Recipient.Address.ToString().Contains(filter.Recipient, StringComparison.OrdinalIgnoreCase)))
        && (filter.Domain is null || s.Entry.Recipients.Any(r => r.Recipient.Address.Domain == DomainName.Normalize(filter.Domain)))
        && (filter.Submitter is null || s.Entry.Submitter == filter.Submitter)
        && (filter.Reply is null || s.Entry.Recipients.Any(r => r.Detail?.Contains(filter.Reply, StringComparison.OrdinalIgnoreCase) == true))
        && (filter.AcceptedBefore is null || s.Entry.AcceptedAt < filter.AcceptedBefore));

    private ValueTask<IReadOnlyList<QueueId>> ChangeAsync(QueueFilter filter, Func<QueueRecipient, QueueRecipient> change, bool dueNow)
    {
        lock (_lock)
        {
            var changed = new List<QueueId>();
            foreach (var slot in Matching(filter).Where(s => s.Lease is null).ToList())
            {
                slot.Entry = slot.Entry with { Recipients = [.. slot.Entry.Recipients.Select(r => Closed(r, change(r)))] };
                if (dueNow) slot.Entry = slot.Entry with { NextAttemptAt = time.GetUtcNow() };
                changed.Add(slot.Entry.Id);
                Close(slot);
            }
            return ValueTask.FromResult<IReadOnlyList<QueueId>>(changed);
        }
    }

    private void Fail()
    {
        if (Outage is { } outage) throw outage;
        if (FailNext is not { } exception) return;
        FailNext = null;
        throw exception;
    }

    private sealed class Slot
    {
        public required QueueEntry Entry { get; set; }

        public QueueLease? Lease { get; set; }
    }
}
