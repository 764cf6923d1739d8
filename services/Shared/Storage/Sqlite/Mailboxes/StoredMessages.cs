using Merpati.Mailboxes;

namespace Merpati.Storage.Sqlite;

/// <summary>A message of a mailbox as changes need it.</summary>
internal readonly record struct StoredMessage(Uid Uid, SystemFlags Flags, long Size, long Detail);

/// <summary>What COPY, MOVE, EXPUNGE and RENAME of INBOX have in common.</summary>
internal static class StoredMessages
{
    /// <summary>Those of the set that exist, UID ascending.</summary>
    public static List<StoredMessage> List(SqliteSession session, MailboxRow mailbox, UidSet uids)
    {
        var messages = new List<StoredMessage>();
        foreach (var range in uids)
        {
            using var rows = session.Query("SELECT uid, flags, size, detail FROM messages WHERE mailbox = ?1 AND uid BETWEEN ?2 AND ?3 ORDER BY uid", mailbox.Key, range.First.Value, range.Last.Value);
            while (rows.Next()) messages.Add(new StoredMessage(new Uid((uint)rows.Int64(0)), StoredFlags.ReadSystem(rows, 1), rows.Int64(2), rows.Int64(3)));
        }
        return messages;
    }

    /// <summary>Puts the messages into the destination under new UIDs and leaves tombstones in the source. Both may be one mailbox; neither is saved yet.</summary>
    public static List<CopiedMessage> Move(SqliteSession session, MailboxRow source, List<StoredMessage> messages, MailboxRow destination, DateTimeOffset now)
    {
        var moved = new List<CopiedMessage>(messages.Count);
        foreach (var message in messages)
        {
            source.Remove(message.Uid, message.Flags, message.Size);
            var uid = destination.Add(message.Flags, message.Size);
            session.Execute(
                "UPDATE messages SET mailbox = ?3, uid = ?4, modseq = ?5, saved_at = ?6 WHERE mailbox = ?1 AND uid = ?2",
                source.Key, message.Uid.Value, destination.Key, uid.Value, destination.Change.Value, now);
            moved.Add(new CopiedMessage(message.Uid, uid));
        }
        LeaveTombstones(session, source, messages, now);
        return moved;
    }

    /// <summary>Removes the messages and leaves tombstones. The mailbox is not saved yet.</summary>
    public static void Expunge(SqliteSession session, MailboxRow mailbox, List<StoredMessage> messages, DateTimeOffset now)
    {
        foreach (var message in messages)
        {
            mailbox.Remove(message.Uid, message.Flags, message.Size);
            Delete(session, mailbox.Key, message.Uid, message.Detail);
        }
        LeaveTombstones(session, mailbox, messages, now);
        Usage.Remove(session, mailbox.AccountKey, messages.Sum(message => message.Size), messages.Count);
    }

    /// <summary>Removes a message, and what it shares with its copies if it was the last.</summary>
    public static void Delete(SqliteSession session, long mailbox, Uid uid, long detail)
    {
        session.Execute("DELETE FROM messages WHERE mailbox = ?1 AND uid = ?2", mailbox, uid.Value);
        session.Execute("DELETE FROM details WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM messages WHERE detail = ?1)", detail);
    }

    private static void LeaveTombstones(SqliteSession session, MailboxRow mailbox, List<StoredMessage> messages, DateTimeOffset now)
    {
        foreach (var run in UidSet.Of(messages.Select(message => message.Uid)))
        {
            session.Execute(
                "INSERT INTO tombstones (mailbox, modseq, first, last, expunged_at) VALUES (?1, ?2, ?3, ?4, ?5)",
                mailbox.Key, mailbox.Change.Value, run.First.Value, run.Last.Value, now);
        }
    }
}
