using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Merpati.Mailboxes;
using Merpati.Storage;
using Microsoft.Extensions.Options;

namespace Merpati.Delivery.Mailboxes;

/// <summary>
/// The columns of mailboxes that were searched lately. Messages do not change, so that a search reads what came and went since the last one; the first of a mailbox reads all its messages.
/// </summary>
public sealed class ColumnCache(IMailboxStore store, IOptions<MailboxesOptions> options)
{
    private readonly ConcurrentDictionary<MailboxId, Entry> _entries = new();
    private long _turn;

    /// <summary>Octets that the columns take.</summary>
    public long Octets => _entries.Values.Sum(entry => Volatile.Read(ref entry.Octets));

    /// <summary>The mailbox as it is; null when there is none.</summary>
    internal async ValueTask<MailboxColumns.View?> GetAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken)
    {
        var entry = _entries.GetOrAdd(mailbox, static _ => new Entry());
        await entry.Gate.WaitAsync(cancellationToken);
        try
        {
            entry.Turn = Interlocked.Increment(ref _turn);
            var columns = entry.Columns;
            // Nothing half done is kept when reading fails.
            entry.Columns = null;
            if (columns is null || entry.Account != account || !await TryUpdateAsync(columns, account, mailbox, cancellationToken))
                columns = await LoadAsync(account, mailbox, cancellationToken);
            if (columns is null)
            {
                _entries.TryRemove(new KeyValuePair<MailboxId, Entry>(mailbox, entry));
                return null;
            }
            (entry.Account, entry.Columns) = (account, columns);
            Volatile.Write(ref entry.Octets, columns.Octets);
            return columns.Take();
        }
        finally
        {
            entry.Gate.Release();
            Trim();
        }
    }

    private async ValueTask<MailboxColumns?> LoadAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken)
    {
        if (await store.GetAsync(account, mailbox, cancellationToken) is not { } info) return null;
        var columns = new MailboxColumns { AsOf = info.HighestModSeq };
        await ReadAsync(columns, info, account, cancellationToken);
        return columns;
    }

    /// <summary>False where it is better, or there is no other way, to begin anew.</summary>
    private async ValueTask<bool> TryUpdateAsync(MailboxColumns columns, AccountId account, MailboxId mailbox, CancellationToken cancellationToken)
    {
        if (await store.ChangesAsync(account, mailbox, columns.AsOf, cancellationToken) is not { } changes) return false;
        if (!changes.Expunged.IsEmpty) columns.Remove(changes.Expunged);
        if (columns.IsSparse) return false;
        if (changes.Mailbox.UidNext > columns.Next) await ReadAsync(columns, changes.Mailbox, account, cancellationToken);
        columns.AsOf = changes.Mailbox.HighestModSeq;
        return true;
    }

    /// <summary>Reads what came up to this view of the mailbox. What is expunged in the meantime is not there, or is told by the next update.</summary>
    private async ValueTask ReadAsync(MailboxColumns columns, MailboxInfo mailbox, AccountId account, CancellationToken cancellationToken)
    {
        if (mailbox.UidNext.Value <= columns.Next.Value) return;
        var range = new UidRange(columns.Next, new Uid(mailbox.UidNext.Value - 1));
        await foreach (var message in store.MessagesAsync(account, mailbox.Id, UidSet.Of([range]), cancellationToken)) columns.Add(message);
        columns.Next = mailbox.UidNext;
    }

    /// <summary>Forgets those that were not asked for the longest. One that is larger than all there is room for is forgotten at once.</summary>
    private void Trim()
    {
        while (Octets > options.Value.SearchCacheOctets && _entries.MinBy(entry => Volatile.Read(ref entry.Value.Turn)) is { Value: not null } oldest) _entries.TryRemove(oldest);
    }

    [SuppressMessage("Design", "CA1001", Justification = "Who waits may still hold it when it is forgotten; without a wait handle it has nothing to give back.")]
    private sealed class Entry
    {
        public readonly SemaphoreSlim Gate = new(1, 1);
        public AccountId Account;
        public MailboxColumns? Columns;
        public long Octets;
        public long Turn;
    }
}
