using Merpati.Queueing;
using Merpati.Storage;

namespace Merpati.Tests.Contracts.Queue;

/// <summary>The queue's rules in the plainest form, to hold the real ones against.</summary>
internal sealed class QueueModel
{
    private readonly Dictionary<QueueId, Item> _items = [];

    public long Accepted { get; private set; }

    public Dictionary<RecipientState, long> Closed { get; } = [];

    public long Open => _items.Values.Sum(item => item.Recipients.Count(r => IsOpen(r.State)));

    public void Enqueue(QueueEntry entry)
    {
        _items.Add(entry.Id, new Item { Accepted = entry.AcceptedAt, Due = entry.NextAttemptAt, Recipients = [.. entry.Recipients] });
        Accepted += entry.Recipients.Count;
    }

    public IEnumerable<QueueId> Leasable(DateTimeOffset now)
        => _items.Where(item => item.Value.IsQueued && !item.Value.IsLeased(now) && item.Value.Due <= now).Select(item => item.Key);

    public void Lease(QueueLease lease)
    {
        var item = _items[lease.Entry.Id];
        (item.Token, item.LeaseEnd) = (lease.Token, lease.ExpiresAt);
    }

    public bool Complete(QueueLease lease, IReadOnlyList<RecipientResult> results, DateTimeOffset next, IReadOnlyList<QueueEntry> successors)
    {
        if (!_items.TryGetValue(lease.Entry.Id, out var item) || item.Token != lease.Token) return false;
        foreach (var result in results)
        {
            for (var i = 0; i < item.Recipients.Count; i++)
            {
                if (item.Recipients[i].Recipient.Address.Equals(result.Recipient)) Set(item, i, result.State);
            }
        }
        foreach (var successor in successors) Enqueue(successor);
        (item.Token, item.LeaseEnd, item.Due) = (0, default, next);
        RemoveIfClosed(lease.Entry.Id);
        return true;
    }

    public List<QueueId> Hold(string recipient, DateTimeOffset now)
    {
        var held = Matching(recipient).Where(item => !item.Value.IsLeased(now) && item.Value.IsQueued).ToList();
        foreach (var (_, item) in held)
        {
            Move(item, RecipientState.Queued, RecipientState.Held);
            (item.Token, item.LeaseEnd) = (0, default);
        }
        return held.ConvertAll(item => item.Key);
    }

    public List<QueueId> Release(string recipient, DateTimeOffset now)
    {
        var released = Matching(recipient).Where(item => item.Value.Recipients.Any(r => r.State == RecipientState.Held)).ToList();
        foreach (var (_, item) in released)
        {
            Move(item, RecipientState.Held, RecipientState.Queued);
            item.Due = now;
        }
        return released.ConvertAll(item => item.Key);
    }

    public List<QueueId> Discard(DateTimeOffset acceptedBefore, DateTimeOffset now)
    {
        var discarded = _items.Where(item => item.Value.Accepted < acceptedBefore && !item.Value.IsLeased(now)).ToList();
        foreach (var (id, item) in discarded)
        {
            Move(item, RecipientState.Queued, RecipientState.Discarded);
            Move(item, RecipientState.Held, RecipientState.Discarded);
            RemoveIfClosed(id);
        }
        return discarded.ConvertAll(item => item.Key);
    }

    public IEnumerable<string> States() => _items.Select(item => $"{item.Key} {string.Join(' ', item.Value.Recipients.Select(r => r.State))}");

    private static bool IsOpen(RecipientState state) => state is RecipientState.Queued or RecipientState.Held;

    private IEnumerable<KeyValuePair<QueueId, Item>> Matching(string recipient)
        => _items.Where(item => item.Value.Recipients.Any(r => r.Recipient.Address.ToString().Contains(recipient, StringComparison.OrdinalIgnoreCase)));

    private void Move(Item item, RecipientState from, RecipientState to)
    {
        for (var i = 0; i < item.Recipients.Count; i++)
        {
            if (item.Recipients[i].State == from) Set(item, i, to);
        }
    }

    private void Set(Item item, int recipient, RecipientState state)
    {
        if (!IsOpen(item.Recipients[recipient].State)) return;
        item.Recipients[recipient] = item.Recipients[recipient] with { State = state };
        if (!IsOpen(state)) Closed[state] = Closed.GetValueOrDefault(state) + 1;
    }

    private void RemoveIfClosed(QueueId id)
    {
        if (!_items[id].Recipients.Any(r => IsOpen(r.State))) _items.Remove(id);
    }

    private sealed class Item
    {
        public required DateTimeOffset Accepted { get; init; }

        public required DateTimeOffset Due { get; set; }

        public required List<QueueRecipient> Recipients { get; init; }

        public long Token { get; set; }

        public DateTimeOffset LeaseEnd { get; set; }

        public bool IsQueued => Recipients.Any(r => r.State == RecipientState.Queued);

        public bool IsLeased(DateTimeOffset now) => Token != 0 && LeaseEnd > now;
    }
}
