using Merpati.Mailboxes;

namespace Merpati.Storage.Sqlite;

/// <summary>COPY (RFC 3501 §6.4.7). A copy shares the details of its original.</summary>
internal static class CopyMessages
{
    public static CopyOutcome Run(SqliteSession session, AccountId account, MailboxId source, UidSet uids, MailboxId destination, QuotaUsage? quota, DateTimeOffset now)
    {
        if (MailboxRow.Find(session, account, source) is not { } from || MailboxRow.Find(session, account, destination) is not { } to) return new CopyOutcome.NoSuchMailbox();
        var messages = StoredMessages.List(session, from, uids);
        if (messages.Count == 0) return new CopyOutcome.Done(to.Info.UidValidity, []);
        if (!Usage.TryAdd(session, to.AccountKey, messages.Sum(message => message.Size), messages.Count, quota)) return new CopyOutcome.OverQuota();

        var copied = new List<CopiedMessage>(messages.Count);
        foreach (var message in messages)
        {
            var uid = to.Add(message.Flags, message.Size);
            session.Execute(
                """
                INSERT INTO messages (mailbox, uid, modseq, flags, keywords, size, saved_at, detail)
                SELECT ?3, ?4, ?5, flags, keywords, size, ?6, detail FROM messages WHERE mailbox = ?1 AND uid = ?2
                """,
                from.Key, message.Uid.Value, to.Key, uid.Value, to.Change.Value, now);
            copied.Add(new CopiedMessage(message.Uid, uid));
        }
        to.Save(session);
        return new CopyOutcome.Done(to.Info.UidValidity, copied);
    }
}
