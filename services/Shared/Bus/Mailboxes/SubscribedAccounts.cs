using System.Collections.Concurrent;
using System.Threading.Channels;
using Merpati.Mailboxes;

namespace Merpati.Bus.Mailboxes;

/// <summary>The accounts that somebody in this process looks at, counted, and what of that the broker was not told yet.</summary>
internal sealed class SubscribedAccounts
{
    private readonly ConcurrentDictionary<AccountId, int> _subscribers = new();
    private readonly ConcurrentDictionary<AccountId, bool> _added = new();
    private readonly Channel<bool> _news = Channel.CreateBounded<bool>(1);

    public IEnumerable<AccountId> All => _subscribers.Keys;

    public bool IsEmpty => _subscribers.IsEmpty;

    public void Add(AccountId account)
    {
        _subscribers.AddOrUpdate(account, 1, static (_, subscribers) => subscribers + 1);
        _added[account] = true;
        _news.Writer.TryWrite(true);
    }

    public void Remove(AccountId account)
    {
        while (_subscribers.TryGetValue(account, out var subscribers))
        {
            // An account that nobody looks at leaves nothing behind.
            var removed = subscribers == 1
                ? _subscribers.TryRemove(KeyValuePair.Create(account, subscribers))
                : _subscribers.TryUpdate(account, subscribers - 1, subscribers);
            if (removed) return;
        }
    }

    public bool Contains(AccountId account) => _subscribers.ContainsKey(account);

    /// <summary>The accounts added since the last call.</summary>
    public IReadOnlyList<AccountId> TakeAdded()
    {
        _news.Reader.TryRead(out _);
        var taken = new List<AccountId>();
        foreach (var (account, _) in _added)
        {
            if (_added.TryRemove(account, out _)) taken.Add(account);
        }
        return taken;
    }

    /// <summary>Returns when there is something for <see cref="TakeAdded"/>.</summary>
    public ValueTask<bool> WaitForAddedAsync(CancellationToken cancellationToken) => _news.Reader.WaitToReadAsync(cancellationToken);
}
