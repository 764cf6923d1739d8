using Merpati.Mailboxes;
using Merpati.Storage;

namespace Merpati.TestKit.Stores;

/// <summary>Leases on maildrops in memory, for tests.</summary>
public sealed class InMemoryMaildropLeases(TimeProvider time) : IMaildropLeases
{
    private readonly Lock _lock = new();
    private readonly Dictionary<AccountId, (Guid Holder, DateTimeOffset ExpiresAt)> _held = [];

    /// <summary>Thrown by everything while set.</summary>
    public Exception? Outage { get; set; }

    public ValueTask<bool> TryTakeAsync(AccountId account, Guid holder, TimeSpan duration, CancellationToken cancellationToken)
    {
        if (Outage is not null) throw Outage;
        lock (_lock)
        {
            if (_held.TryGetValue(account, out var held) && held.Holder != holder && held.ExpiresAt > time.GetUtcNow()) return ValueTask.FromResult(false);
            _held[account] = (holder, time.GetUtcNow() + duration);
            return ValueTask.FromResult(true);
        }
    }

    public ValueTask ReleaseAsync(AccountId account, Guid holder, CancellationToken cancellationToken)
    {
        if (Outage is not null) throw Outage;
        lock (_lock)
        {
            if (_held.TryGetValue(account, out var held) && held.Holder == holder) _held.Remove(account);
        }
        return ValueTask.CompletedTask;
    }
}
