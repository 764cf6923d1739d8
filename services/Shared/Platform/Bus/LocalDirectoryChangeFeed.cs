using System.Collections.Immutable;
using Merpati.Accounts;

namespace Merpati.Platform.Bus;

/// <summary>The directory's changes inside one process: subscribers are called at once, on the thread of the change.</summary>
public sealed class LocalDirectoryChangeFeed : IDirectoryChangeFeed
{
    private ImmutableList<Subscription> _subscriptions = [];

    public IDisposable Subscribe(Action onChange)
    {
        var subscription = new Subscription(this, onChange);
        ImmutableInterlocked.Update(ref _subscriptions, static (all, added) => all.Add(added), subscription);
        return subscription;
    }

    public void Announce()
    {
        foreach (var subscription in _subscriptions) subscription.OnChange();
    }

    private sealed class Subscription(LocalDirectoryChangeFeed feed, Action onChange) : IDisposable
    {
        public Action OnChange => onChange;

        public void Dispose() => ImmutableInterlocked.Update(ref feed._subscriptions, static (all, removed) => all.Remove(removed), this);
    }
}
