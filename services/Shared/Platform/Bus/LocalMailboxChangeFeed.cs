using System.Collections.Concurrent;
using System.Collections.Immutable;
using Merpati.Mailboxes;

namespace Merpati.Platform.Bus;

/// <summary>The change feed of one process: subscribers are called at once, on the thread of the change.</summary>
public sealed class LocalMailboxChangeFeed : IMailboxChangeFeed
{
    private readonly ConcurrentDictionary<AccountId, ImmutableArray<Subscription>> _subscriptions = new();

    public IDisposable Subscribe(AccountId account, Action<MailboxChanged> onChange)
    {
        ArgumentNullException.ThrowIfNull(onChange);
        var subscription = new Subscription(this, account, onChange);
        _subscriptions.AddOrUpdate(account, static (_, added) => [added], static (_, all, added) => all.Add(added), subscription);
        return subscription;
    }

    public void Announce(MailboxChanged change)
    {
        if (!_subscriptions.TryGetValue(change.Account, out var subscriptions)) return;
        foreach (var subscription in subscriptions) subscription.OnChange(change);
    }

    private void Remove(Subscription subscription)
    {
        while (_subscriptions.TryGetValue(subscription.Account, out var all))
        {
            var rest = all.Remove(subscription);
            // An account that nobody looks at leaves nothing behind.
            var removed = rest.IsEmpty
                ? _subscriptions.TryRemove(new KeyValuePair<AccountId, ImmutableArray<Subscription>>(subscription.Account, all))
                : _subscriptions.TryUpdate(subscription.Account, rest, all);
            if (removed) return;
        }
    }

    private sealed class Subscription(LocalMailboxChangeFeed feed, AccountId account, Action<MailboxChanged> onChange) : IDisposable
    {
        public AccountId Account => account;

        public Action<MailboxChanged> OnChange => onChange;

        public void Dispose() => feed.Remove(this);
    }
}
