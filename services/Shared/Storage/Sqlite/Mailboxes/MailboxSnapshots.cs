using Merpati.Mailboxes;

namespace Merpati.Storage.Sqlite;

/// <summary>
/// Which messages are in the mailboxes that were selected lately, and in what state. Every change of a mailbox gives it a MODSEQ, in the transaction that makes it: what was read at a MODSEQ
/// is true at that MODSEQ for ever, so nothing has to be told of changes, and an entry that is behind is brought up to date by what changed since, in the reader's own view.
/// All sessions share an array for as long as no message comes or goes. It costs eight octets a message.
/// </summary>
internal sealed class MailboxSnapshots
{
    /// <summary>Messages of all entries together; a mailbox counts for as many more as its entry weighs.</summary>
    private const long Capacity = 6 * 1024 * 1024;
    private const int EntryWeight = 64;

    // The mailbox is read whole where a question is about more than this share of it.
    private const int WholeShare = 4;

    // Beyond this share of the mailbox to read it afresh is quicker.
    private const int ChangedShare = 4;

    private readonly Lock _gate = new();
    private readonly Dictionary<(AccountId, MailboxId), LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _byUse = new();
    private long _weight;

    /// <param name="Key">An id is never given again.</param>
    /// <param name="ModSeq">HIGHESTMODSEQ when it was read.</param>
    /// <param name="UidNext">UIDNEXT then: what came later is not below.</param>
    /// <param name="States">In the order of the UIDs; null where they do not fit.</param>
    internal sealed record Entry((AccountId, MailboxId) Key, ModSeq ModSeq, Uid UidNext, Uid[] Uids, Uid? FirstUnseen, PackedStates? States)
    {
        public long Weight => Uids.Length + EntryWeight;

        public IEnumerable<MessageState> Within(UidSet uids)
        {
            foreach (var range in uids)
            {
                var at = Array.BinarySearch(Uids, range.First);
                for (var i = at < 0 ? ~at : at; i < Uids.Length && Uids[i] <= range.Last; i++)
                {
                    var (modSeq, flags) = States![i];
                    yield return new MessageState(Uids[i], modSeq, flags);
                }
            }
        }
    }

    /// <summary>Within a transaction of the caller; null when there is no such mailbox.</summary>
    public (MailboxInfo Mailbox, Uid[] Uids)? Read(SqliteSession session, AccountId account, MailboxId mailbox)
        => MailboxRow.Find(session, account, mailbox) is { } row ? (row.Info, Read(session, account, row).Uids) : null;

    /// <summary>Within a transaction of the caller; null also when there is no such mailbox.</summary>
    public Uid? ReadFirstUnseen(SqliteSession session, AccountId account, MailboxId mailbox)
        => MailboxRow.Find(session, account, mailbox) is { } row ? Read(session, account, row).FirstUnseen : null;

    /// <summary>
    /// The mailbox with the states of its messages. Null where the table has to be asked, page by page: what is not known here is read for a question about much of the mailbox only.
    /// Within a transaction of the caller; the answer outlives it.
    /// </summary>
    /// <param name="held">What the caller has of a page before; it may have been dropped here meanwhile.</param>
    public Entry? ReadStates(SqliteSession session, AccountId account, MailboxId mailbox, UidSet uids, Entry? held)
    {
        if (MailboxRow.Find(session, account, mailbox) is not { } row || row.Info.Messages > Capacity) return null;
        if (held is null && Find((account, mailbox)) is null && uids.Members < row.Info.Messages / WholeShare) return null;
        var entry = held?.ModSeq == row.Info.HighestModSeq ? held : Read(session, account, row, held);
        return entry.States is null ? null : entry;
    }

    /// <summary>True when it is known for the mailbox as it was just read.</summary>
    public bool TryFindFirstUnseen(AccountId account, MailboxInfo mailbox, out Uid? first)
    {
        var known = Find((account, mailbox.Id));
        first = known?.FirstUnseen;
        return known?.ModSeq == mailbox.HighestModSeq;
    }

    private Entry Read(SqliteSession session, AccountId account, MailboxRow row, Entry? held = null)
    {
        var key = (account, row.Info.Id);
        var known = Find(key) ?? held;
        if (known is not null && known.ModSeq == row.Info.HighestModSeq) return known;
        known = known is not null && known.ModSeq >= row.Forgotten && known.ModSeq < row.Info.HighestModSeq ? Update(session, row, known) : ReadAll(session, key, row);
        Keep(known);
        return known;
    }

    private static Entry ReadAll(SqliteSession session, (AccountId, MailboxId) key, MailboxRow row)
    {
        var uids = new List<Uid>((int)row.Info.Messages);
        var states = new PackedStates.Packer(row.Info.HighestModSeq, uids.Capacity);
        Uid? firstUnseen = null;
        using var rows = session.Query("SELECT uid, modseq, flags, keywords FROM messages WHERE mailbox = ?1 ORDER BY uid", row.Key);
        while (rows.Next())
        {
            var uid = new Uid((uint)rows.Int64(0));
            var flags = StoredFlags.ReadSystem(rows, 2);
            states.Set(uids.Count, new ModSeq(rows.Int64(1)), flags, rows.TextOrNull(3));
            uids.Add(uid);
            if (firstUnseen is null && !flags.HasFlag(SystemFlags.Seen)) firstUnseen = uid;
        }
        return new Entry(key, row.Info.HighestModSeq, row.Info.UidNext, [.. uids], firstUnseen, states.Complete(uids.Count));
    }

    private static Entry Update(SqliteSession session, MailboxRow row, Entry known)
    {
        var gone = ReadMailbox.Tombstones(session, row, known.ModSeq);
        var (changes, arrivals) = (new List<MessageState>(), new List<Uid>());
        var (firstUnseen, lost) = (known.FirstUnseen, false);
        var left = known.Uids.Length / ChangedShare + EntryWeight;
        foreach (var state in ReadMailbox.Changed(session, row.Key, known.ModSeq))
        {
            if (left-- == 0) return ReadAll(session, known.Key, row);
            changes.Add(state);
            if (state.Uid >= known.UidNext) arrivals.Add(state.Uid);
            if (!state.Flags.Has(SystemFlags.Seen))
            {
                if (firstUnseen is null || state.Uid < firstUnseen) firstUnseen = state.Uid;
            }
            else if (state.Uid == known.FirstUnseen)
            {
                lost = true;
            }
        }
        lost |= known.FirstUnseen is { } was && gone.Contains(was);
        // The first before is unseen no more, and none was found before it: the next comes after it.
        if (lost && firstUnseen >= known.FirstUnseen) firstUnseen = row.Info.Unseen == 0 ? null : NextUnseen(session, row.Key, known.FirstUnseen!.Value);
        var uids = Merge(known.Uids, gone, arrivals);
        var states = Repack(known, uids, changes);
        // What no longer fits may fit afresh: sets of flags that were left behind are in it too.
        return states is null && known.States is not null ? ReadAll(session, known.Key, row) : new Entry(known.Key, row.Info.HighestModSeq, row.Info.UidNext, uids, firstUnseen, states);
    }

    private static PackedStates? Repack(Entry known, Uid[] uids, List<MessageState> changes)
    {
        if (known.States is not { } before) return null;
        var states = PackedStates.Packer.From(before, known.Uids, uids);
        foreach (var state in changes) states.Set(Array.BinarySearch(uids, state.Uid), state.ModSeq, state.Flags.System, StoredFlags.Keywords(state.Flags));
        return states.Complete(uids.Length);
    }

    private static Uid[] Merge(Uid[] uids, UidSet gone, List<Uid> arrivals)
    {
        if (gone.IsEmpty) return arrivals.Count == 0 ? uids : [.. uids, .. arrivals];
        return [.. uids.Where(uid => !gone.Contains(uid)), .. arrivals];
    }

    private static Uid? NextUnseen(SqliteSession session, long mailbox, Uid after)
        => session.Number("SELECT uid FROM messages WHERE mailbox = ?1 AND uid > ?2 AND flags & ?3 = 0 ORDER BY uid LIMIT 1", mailbox, after.Value, (int)SystemFlags.Seen) is { } uid ? new Uid((uint)uid) : null;

    private Entry? Find((AccountId, MailboxId) key)
    {
        lock (_gate)
        {
            if (!_entries.TryGetValue(key, out var node)) return null;
            _byUse.Remove(node);
            _byUse.AddFirst(node);
            return node.Value;
        }
    }

    /// <summary>Keeps the newest; a reader whose view is older does not replace it. Those not used for longest make room.</summary>
    private void Keep(Entry entry)
    {
        lock (_gate)
        {
            if (_entries.TryGetValue(entry.Key, out var before))
            {
                if (before.Value.ModSeq >= entry.ModSeq) return;
                Drop(before);
            }
            if (entry.Weight > Capacity) return;
            _entries.Add(entry.Key, _byUse.AddFirst(entry));
            _weight += entry.Weight;
            while (_weight > Capacity) Drop(_byUse.Last!);
        }
    }

    private void Drop(LinkedListNode<Entry> node)
    {
        _byUse.Remove(node);
        _entries.Remove(node.Value.Key);
        _weight -= node.Value.Weight;
    }
}
