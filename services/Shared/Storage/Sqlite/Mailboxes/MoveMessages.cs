using Merpati.Mailboxes;

namespace Merpati.Storage.Sqlite;

/// <summary>MOVE (RFC 6851). Nothing is used that was not used before, so no quota is asked.</summary>
internal static class MoveMessages
{
    public static CopyOutcome Run(SqliteSession session, AccountId account, MailboxId source, UidSet uids, MailboxId destination, DateTimeOffset now)
    {
        if (MailboxRow.Find(session, account, source) is not { } from) return new CopyOutcome.NoSuchMailbox();
        // One row for both, so that its counters and its MODSEQ are one.
        if ((source == destination ? from : MailboxRow.Find(session, account, destination)) is not { } to) return new CopyOutcome.NoSuchMailbox();
        var messages = StoredMessages.List(session, from, uids);
        if (messages.Count == 0) return new CopyOutcome.Done(to.Info.UidValidity, []);

        var moved = StoredMessages.Move(session, from, messages, to, now);
        from.Save(session);
        if (to != from) to.Save(session);
        return new CopyOutcome.Done(to.Info.UidValidity, moved);
    }
}
