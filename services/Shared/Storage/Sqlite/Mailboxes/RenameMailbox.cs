using Merpati.Mailboxes;

namespace Merpati.Storage.Sqlite;

/// <summary>RENAME (RFC 3501 §6.3.5). Mailboxes keep their id, UIDVALIDITY and messages; subscriptions are names and stay as they are.</summary>
internal static class RenameMailbox
{
    public static MailboxOutcome Run(SqliteSession session, AccountId account, MailboxName from, MailboxName to, TimeProvider time)
    {
        if (MailboxTree.FindAccount(session, account) is not { } key) return MailboxOutcome.NonExistent;
        var source = MailboxRow.Find(session, account, from);
        var below = from.IsInbox ? [] : MailboxTree.Below(session, key, from);
        if (source is null && below.Count == 0) return MailboxOutcome.NonExistent;
        if (MailboxTree.Exists(session, key, to)) return MailboxOutcome.AlreadyExists;
        // A tree cannot hang below itself, and no name in it may become longer or deeper than a name can be.
        if (!from.IsInbox && to.IsBelow(from) || below.Exists(name => !MailboxName.TryParse(name.Rebase(from, to).Value, out _))) return MailboxOutcome.Cannot;
        // Where the new name is above others already, the two trees may not meet in one name.
        if (below.Exists(name => MailboxTree.Exists(session, key, name.Rebase(from, to)))) return MailboxOutcome.AlreadyExists;
        var parents = MailboxTree.MissingParents(session, key, to);
        if (!MailboxTree.HasRoom(session, key, parents.Count + (from.IsInbox ? 1 : 0))) return MailboxOutcome.Limit;

        foreach (var parent in parents) MailboxTree.Insert(session, key, parent, SpecialUse.None, time);
        if (from.IsInbox)
        {
            MailboxTree.Insert(session, key, to, SpecialUse.None, time);
            MoveAll(session, source!, MailboxRow.Find(session, account, to)!, time.GetUtcNow());
            return MailboxOutcome.Done;
        }
        foreach (var name in below.Prepend(from))
            session.Execute("UPDATE mailboxes SET name = ?3 WHERE account = ?1 AND name = ?2", key, name.Value, name.Rebase(from, to).Value);
        return MailboxOutcome.Done;
    }

    /// <summary>INBOX cannot go away: its messages do, and sessions that look at it see them expunged.</summary>
    private static void MoveAll(SqliteSession session, MailboxRow source, MailboxRow destination, DateTimeOffset now)
    {
        var messages = StoredMessages.List(session, source, UidSet.All);
        if (messages.Count == 0) return;
        StoredMessages.Move(session, source, messages, destination, now);
        source.Save(session);
        destination.Save(session);
    }
}
