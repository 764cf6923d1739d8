using System.Collections.Concurrent;
using Merpati.Mailboxes;

namespace Merpati.Pop3Gateway;

/// <summary>Maildrop locks of one process: gone with it, so that nothing stale can be left behind.</summary>
public sealed class InProcessMaildropLock : IMaildropLock
{
    private readonly ConcurrentDictionary<AccountId, Held> _held = new();

    public ValueTask<IAsyncDisposable?> TryAcquireAsync(AccountId account, CancellationToken cancellationToken)
    {
        var held = new Held(this, account);
        return ValueTask.FromResult<IAsyncDisposable?>(_held.TryAdd(account, held) ? held : null);
    }

    private sealed class Held(InProcessMaildropLock owner, AccountId account) : IAsyncDisposable
    {
        /// <summary>Removes only itself: disposing twice does not free what another session has taken since.</summary>
        public ValueTask DisposeAsync()
        {
            owner._held.TryRemove(KeyValuePair.Create(account, this));
            return ValueTask.CompletedTask;
        }
    }
}
