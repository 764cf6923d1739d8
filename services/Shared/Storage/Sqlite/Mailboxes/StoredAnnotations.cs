using Merpati.Mailboxes;

namespace Merpati.Storage.Sqlite;

/// <summary>Annotations (RFC 5464) of mailboxes and of the server.</summary>
internal static class StoredAnnotations
{
    public static List<Annotation> List(SqliteSession session, AccountId account, MailboxId? mailbox)
    {
        var annotations = new List<Annotation>();
        using var rows = mailbox is { } one
            ? session.Query("SELECT n.mailbox, n.entry, n.value FROM annotations n JOIN accounts a ON a.id = n.account WHERE a.account = ?1 AND n.mailbox = ?2 ORDER BY n.entry", account.Value, one.Value)
            : session.Query("SELECT n.mailbox, n.entry, n.value FROM annotations n JOIN accounts a ON a.id = n.account WHERE a.account = ?1 ORDER BY n.mailbox, n.entry", account.Value);
        while (rows.Next()) annotations.Add(new Annotation(new MailboxId(rows.Guid(0)), rows.Text(1), rows.Bytes(2)));
        return annotations;
    }

    public static AnnotationOutcome Change(SqliteSession session, AccountId account, MailboxId mailbox, IReadOnlyList<AnnotationChange> changes, TimeProvider time)
    {
        long key;
        if (mailbox == Annotations.OfServer) key = MailboxTree.EnsureAccount(session, account, time);
        else if (MailboxRow.Find(session, account, mailbox) is { } row) key = row.AccountKey;
        else return AnnotationOutcome.NoSuchMailbox;

        // Counted before anything is written: what is refused leaves no trace.
        var entries = new Dictionary<string, long>(StringComparer.Ordinal);
        using (var rows = session.Query("SELECT entry, length(value) FROM annotations WHERE account = ?1 AND mailbox = ?2", key, mailbox.Value))
        {
            while (rows.Next()) entries.Add(rows.Text(0), Annotations.OctetsOf(rows.Text(0), rows.Int64(1)));
        }
        var more = Annotations.Weigh(entries, changes);
        if (entries.Count > Annotations.MaxEntries) return AnnotationOutcome.TooMany;
        if (more > 0 && more + (session.Number("SELECT sum(length(entry) + length(value)) FROM annotations WHERE account = ?1", key) ?? 0) > Annotations.MaxOctets) return AnnotationOutcome.OverQuota;

        foreach (var change in changes)
        {
            if (change.Value is { } value) session.Execute("INSERT INTO annotations (account, mailbox, entry, value) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET value = excluded.value", key, mailbox.Value, change.Entry, value);
            else session.Execute("DELETE FROM annotations WHERE account = ?1 AND mailbox = ?2 AND entry = ?3", key, mailbox.Value, change.Entry);
        }
        return AnnotationOutcome.Done;
    }
}
