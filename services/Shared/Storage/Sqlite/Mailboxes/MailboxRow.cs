using Merpati.Mailboxes;

namespace Merpati.Storage.Sqlite;

/// <summary>
/// The row of a mailbox while a transaction works on it. Whoever adds, changes or removes messages tells it so, and writes it back once at the end.
/// </summary>
internal sealed class MailboxRow
{
    private const string Select = """
        SELECT m.id, m.account, m.mailbox, m.name, m.special_use, m.uid_validity, m.uid_next, m.highest_modseq, m.forgotten, m.first_recent, m.recent, m.messages, m.unseen, m.deleted, m.size,
               EXISTS (SELECT 1 FROM subscriptions s WHERE s.account = m.account AND s.name = m.name)
        FROM accounts a JOIN mailboxes m ON m.account = a.id
        WHERE a.account = ?1
        """;

    private ModSeq? _change;

    private MailboxRow(Rows row)
    {
        Key = row.Int64(0);
        AccountKey = row.Int64(1);
        Forgotten = new ModSeq(row.Int64(8));
        Info = new MailboxInfo
        {
            Id = new MailboxId(row.Guid(2)),
            Name = MailboxName.Parse(row.Text(3)),
            SpecialUse = (SpecialUse)row.Int32(4),
            UidValidity = new UidValidity((uint)row.Int64(5)),
            UidNext = new Uid((uint)row.Int64(6)),
            HighestModSeq = new ModSeq(row.Int64(7)),
            FirstRecent = new Uid((uint)row.Int64(9)),
            Recent = row.Int64(10),
            Messages = row.Int64(11),
            Unseen = row.Int64(12),
            Deleted = row.Int64(13),
            Size = row.Int64(14),
            Subscribed = row.Boolean(15),
        };
    }

    public long Key { get; }

    public long AccountKey { get; }

    /// <summary>Expunges up to here have left no trace.</summary>
    public ModSeq Forgotten { get; }

    public MailboxInfo Info { get; private set; }

    /// <summary>The MODSEQ of this transaction's change, one above all before; the same however often it is asked for.</summary>
    public ModSeq Change
    {
        get
        {
            if (_change is { } known) return known;
            var next = new ModSeq(Info.HighestModSeq.Value + 1);
            Info = Info with { HighestModSeq = next };
            _change = next;
            return next;
        }
    }

    public static MailboxRow? Find(SqliteSession session, AccountId account, MailboxId mailbox)
    {
        using var rows = session.Query(Select + " AND m.mailbox = ?2", account.Value, mailbox.Value);
        return rows.Next() ? new MailboxRow(rows) : null;
    }

    public static MailboxRow? Find(SqliteSession session, AccountId account, MailboxName name)
    {
        using var rows = session.Query(Select + " AND m.name = ?2", account.Value, name.Value);
        return rows.Next() ? new MailboxRow(rows) : null;
    }

    public static MailboxRow? Find(SqliteSession session, AccountId account, SpecialUse use)
    {
        // The second condition is the one of the index.
        using var rows = session.Query(Select + " AND m.special_use = ?2 AND m.special_use <> 0", account.Value, (int)use);
        return rows.Next() ? new MailboxRow(rows) : null;
    }

    public static List<MailboxRow> List(SqliteSession session, AccountId account)
    {
        var mailboxes = new List<MailboxRow>();
        using var rows = session.Query(Select + " ORDER BY m.name", account.Value);
        while (rows.Next()) mailboxes.Add(new MailboxRow(rows));
        return mailboxes;
    }

    /// <summary>Only the number of the mailbox, for reads that need no more.</summary>
    public static long? FindKey(SqliteSession session, AccountId account, MailboxId mailbox)
        => session.Number("SELECT m.id FROM mailboxes m JOIN accounts a ON a.id = m.account WHERE m.mailbox = ?1 AND a.account = ?2", mailbox.Value, account.Value);

    /// <summary>Counts a message in and gives it its UID.</summary>
    /// <param name="wanted">That of an earlier life; one that is not below UIDNEXT is given.</param>
    public Uid Add(SystemFlags flags, long size, Uid? wanted = null)
    {
        var uid = wanted > Info.UidNext ? wanted.Value : Info.UidNext;
        Count(flags, size, 1);
        Info = Info with { UidNext = new Uid(checked(uid.Value + 1)), Recent = Info.Recent + 1 };
        return uid;
    }

    /// <summary>Counts a message out.</summary>
    public void Remove(Uid uid, SystemFlags flags, long size)
    {
        Count(flags, size, -1);
        if (uid >= Info.FirstRecent) Info = Info with { Recent = Info.Recent - 1 };
    }

    public void Reflag(SystemFlags before, SystemFlags after)
    {
        Count(before, 0, -1);
        Count(after, 0, 1);
    }

    /// <summary>Takes over what is known of the past, as far as it fits.</summary>
    public void Continue(SqliteSession session, MailboxPast past, DateTimeOffset now)
    {
        if (past.IsTakenBy(Info, now))
        {
            Info = Info with { UidValidity = past.UidValidity, HighestModSeq = past.HighestModSeq > Info.HighestModSeq ? past.HighestModSeq : Info.HighestModSeq };
            // What was expunged in the past left no trace here: all that is not there is gone.
            session.Execute("UPDATE mailboxes SET uid_validity = ?2, forgotten = ?3 WHERE id = ?1", Key, Info.UidValidity.Value, Info.HighestModSeq.Value);
            MailboxTree.UidValidityWasGiven(session, Info.UidValidity);
        }
        if (past.UidValidity == Info.UidValidity && past.UidNext > Info.UidNext) Info = Info with { UidNext = past.UidNext, FirstRecent = Info.Recent == 0 ? past.UidNext : Info.FirstRecent };
        Save(session);
    }

    public void ClaimRecent() => Info = Info with { FirstRecent = Info.UidNext, Recent = 0 };

    public void Save(SqliteSession session) => session.Execute(
        "UPDATE mailboxes SET uid_next = ?2, highest_modseq = ?3, first_recent = ?4, recent = ?5, messages = ?6, unseen = ?7, deleted = ?8, size = ?9 WHERE id = ?1",
        Key, Info.UidNext.Value, Info.HighestModSeq.Value, Info.FirstRecent.Value, Info.Recent, Info.Messages, Info.Unseen, Info.Deleted, Info.Size);

    private void Count(SystemFlags flags, long size, int sign) => Info = Info with
    {
        Messages = Info.Messages + sign,
        Unseen = Info.Unseen + (flags.HasFlag(SystemFlags.Seen) ? 0 : sign),
        Deleted = Info.Deleted + (flags.HasFlag(SystemFlags.Deleted) ? sign : 0),
        Size = Info.Size + sign * size,
    };
}
