using Merpati.Mailboxes;

namespace Merpati.Storage.Sqlite;

/// <summary>STORE (RFC 3501 §6.4.6, RFC 7162 §3.1.3). A message that has the flags already keeps its MODSEQ: nobody need look at it again.</summary>
internal static class StoreFlags
{
    public static StoreOutcome Run(SqliteSession session, AccountId account, MailboxId mailbox, UidSet uids, FlagOperation operation, MessageFlags flags, ModSeq? unchangedSince)
    {
        if (MailboxRow.Find(session, account, mailbox) is not { } row) return new StoreOutcome([], []);
        var changed = new List<MessageState>();
        var modified = new List<Uid>();
        var writes = new List<(Uid Uid, MessageFlags Flags)>();
        foreach (var range in uids)
        {
            foreach (var state in ReadMailbox.States(session, row.Key, range, limit: -1))
            {
                if (state.ModSeq > unchangedSince)
                {
                    modified.Add(state.Uid);
                    continue;
                }
                var after = state.Flags.Apply(operation, flags);
                // Each command is within the limit, but many together need not be: then the message stays as it is.
                if (after.Keywords.Count > MessageFlags.MaxKeywords) continue;
                if (after.Equals(state.Flags))
                {
                    changed.Add(state);
                    continue;
                }
                row.Reflag(state.Flags.System, after.System);
                changed.Add(new MessageState(state.Uid, row.Change, after));
                writes.Add((state.Uid, after));
            }
        }
        foreach (var (uid, after) in writes)
        {
            session.Execute(
                "UPDATE messages SET modseq = ?3, flags = ?4, keywords = ?5 WHERE mailbox = ?1 AND uid = ?2",
                row.Key, uid.Value, row.Change.Value, (int)after.System, StoredFlags.Keywords(after));
        }
        if (writes.Count > 0) row.Save(session);
        return new StoreOutcome(changed, modified);
    }
}
