using Merpati.Mailboxes;

namespace Merpati.Storage.Sqlite;

/// <summary>
/// DELETE (RFC 3501 §6.3.4). The mailbox and its place in the quota go at once; its messages, which can be very many, are cleared away in small steps afterwards (<see cref="Clear"/>).
/// </summary>
internal static class DeleteMailbox
{
    // So that a step is a few milliseconds, in which others have to wait for the writer.
    private const int Step = 500;

    public static MailboxOutcome Run(SqliteSession session, AccountId account, MailboxName name)
    {
        if (name.IsInbox) return MailboxOutcome.Cannot;
        if (MailboxRow.Find(session, account, name) is not { } row)
            return MailboxTree.FindAccount(session, account) is { } key && MailboxTree.HasChildren(session, key, name) ? MailboxOutcome.HasChildren : MailboxOutcome.NonExistent;

        session.Execute("INSERT INTO deleted_mailboxes (mailbox) VALUES (?1)", row.Key);
        session.Execute("DELETE FROM mailboxes WHERE id = ?1", row.Key);
        session.Execute("DELETE FROM annotations WHERE account = ?1 AND mailbox = ?2", row.AccountKey, row.Info.Id.Value);
        session.Execute("DELETE FROM grants WHERE account = ?1 AND mailbox = ?2", row.AccountKey, row.Info.Id.Value);
        Usage.Remove(session, row.AccountKey, row.Info.Size, row.Info.Messages);
        return MailboxOutcome.Done;
    }

    /// <summary>The whole account, in the same way.</summary>
    public static bool RunAll(SqliteSession session, AccountId account)
    {
        // Also of one that has no mailboxes yet.
        StoredGrants.Forget(session, account);
        if (MailboxTree.FindAccount(session, account) is not { } key) return false;
        session.Execute("INSERT INTO deleted_mailboxes (mailbox) SELECT id FROM mailboxes WHERE account = ?1", key);
        session.Execute("DELETE FROM mailboxes WHERE account = ?1", key);
        session.Execute("DELETE FROM subscriptions WHERE account = ?1", key);
        session.Execute("DELETE FROM annotations WHERE account = ?1", key);
        session.Execute("DELETE FROM grants WHERE account = ?1", key);
        session.Execute("DELETE FROM deliveries WHERE account = ?1", key);
        session.Execute("DELETE FROM accounts WHERE id = ?1", key);
        return true;
    }

    /// <summary>Clears away some of what deleted mailboxes left; false when nothing is left. It is all in the database, so a restart goes on with it.</summary>
    public static bool Clear(SqliteSession session)
    {
        if (session.Number("SELECT mailbox FROM deleted_mailboxes LIMIT 1") is not { } mailbox) return false;
        var messages = new List<(Uid Uid, long Detail)>(Step);
        using (var rows = session.Query("SELECT uid, detail FROM messages WHERE mailbox = ?1 ORDER BY uid LIMIT ?2", mailbox, Step))
        {
            while (rows.Next()) messages.Add((new Uid((uint)rows.Int64(0)), rows.Int64(1)));
        }
        foreach (var (uid, detail) in messages) StoredMessages.Delete(session, mailbox, uid, detail);
        if (messages.Count > 0) return true;

        var tombstones = session.Execute(
            "DELETE FROM tombstones WHERE mailbox = ?1 AND (modseq, first) IN (SELECT modseq, first FROM tombstones WHERE mailbox = ?1 ORDER BY modseq, first LIMIT ?2)", mailbox, Step);
        if (tombstones == 0) session.Execute("DELETE FROM deleted_mailboxes WHERE mailbox = ?1", mailbox);
        return true;
    }
}
