using Merpati.Mailboxes;

namespace Merpati.Storage.Sqlite;

/// <summary>EXPUNGE and UID EXPUNGE (RFC 3501 §6.4.3, RFC 4315 §2.1).</summary>
internal static class Expunge
{
    public static IReadOnlyList<Uid> Run(SqliteSession session, AccountId account, MailboxId mailbox, UidSet uids, bool onlyDeleted, DateTimeOffset now)
    {
        if (MailboxRow.Find(session, account, mailbox) is not { } row || onlyDeleted && row.Info.Deleted == 0) return [];
        var messages = StoredMessages.List(session, row, uids);
        if (onlyDeleted) messages.RemoveAll(message => !message.Flags.HasFlag(SystemFlags.Deleted));
        if (messages.Count == 0) return [];

        StoredMessages.Expunge(session, row, messages, now);
        row.Save(session);
        return messages.ConvertAll(message => message.Uid);
    }
}
