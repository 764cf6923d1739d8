using Merpati.Mailboxes;
using MessageStructureCodec = Merpati.Mailboxes.V1.MessageStructureCodec;
using Microsoft.Extensions.Logging;

namespace Merpati.Storage.Sqlite;

/// <summary>Reads of one mailbox, each within a transaction of the caller.</summary>
internal static class ReadMailbox
{
    public static MailboxChanges? Changes(SqliteSession session, AccountId account, MailboxId mailbox, ModSeq since)
    {
        if (MailboxRow.Find(session, account, mailbox) is not { } row) return null;
        if (since >= row.Info.HighestModSeq) return new MailboxChanges(row.Info, [], UidSet.Empty);
        return new MailboxChanges(row.Info, [.. Changed(session, row.Key, since)], since < row.Forgotten ? Missing(session, row) : Tombstones(session, row, since));
    }

    /// <summary>New messages and flag changes, UID ascending.</summary>
    public static IEnumerable<MessageState> Changed(SqliteSession session, long mailbox, ModSeq since)
    {
        using var rows = session.Query("SELECT uid, modseq, flags, keywords FROM messages INDEXED BY messages_modseq WHERE mailbox = ?1 AND modseq > ?2 ORDER BY uid", mailbox, since.Value);
        while (rows.Next()) yield return State(rows);
    }

    /// <summary>UID ascending; a limit of -1 is none.</summary>
    public static IEnumerable<MessageState> States(SqliteSession session, long mailbox, UidRange range, int limit)
    {
        using var rows = session.Query("SELECT uid, modseq, flags, keywords FROM messages WHERE mailbox = ?1 AND uid BETWEEN ?2 AND ?3 ORDER BY uid LIMIT ?4", mailbox, range.First.Value, range.Last.Value, limit);
        while (rows.Next()) yield return State(rows);
    }

    /// <summary>UID ascending, with the octets read for it.</summary>
    public static IEnumerable<(MessageInfo Message, int Octets)> Messages(SqliteSession session, long mailbox, UidRange range, int limit, ILogger logger)
    {
        // CROSS JOIN keeps the order of the tables: from the range of messages to their details.
        using var rows = session.Query(
            """
            SELECT m.uid, m.modseq, m.flags, m.keywords, m.size, m.saved_at, d.content, d.internal_at, d.internal_offset, d.email_id, d.thread_id, d.trace, d.structure
            FROM messages m CROSS JOIN details d ON d.id = m.detail
            WHERE m.mailbox = ?1 AND m.uid BETWEEN ?2 AND ?3 ORDER BY m.uid LIMIT ?4
            """,
            mailbox, range.First.Value, range.Last.Value, limit);
        while (rows.Next()) yield return (Message(rows, logger), rows.Blob(11).Length + rows.Blob(12).Length);
    }

    /// <summary>Octets of the messages with \Deleted. Where there are none, and mostly there are none, nothing is looked through.</summary>
    public static long DeletedSize(SqliteSession session, AccountId account, MailboxId mailbox)
        => MailboxRow.Find(session, account, mailbox) is { Info.Deleted: > 0 } row
            ? session.Number("SELECT sum(size) FROM messages WHERE mailbox = ?1 AND flags & ?2 <> 0", row.Key, (int)SystemFlags.Deleted) ?? 0
            : 0;

    private static MessageState State(Rows row) => new(new Uid((uint)row.Int64(0)), new ModSeq(row.Int64(1)), StoredFlags.Read(row, 2, 3));

    private static MessageInfo Message(Rows row, ILogger logger)
    {
        var content = new ContentId(row.Guid(6));
        var trace = row.Bytes(11);
        var size = row.Int64(4);
        return new MessageInfo
        {
            Uid = new Uid((uint)row.Int64(0)),
            ModSeq = new ModSeq(row.Int64(1)),
            Flags = StoredFlags.Read(row, 2, 3),
            Size = size,
            SaveDate = row.Time(5),
            Content = content,
            InternalDate = row.Time(7).ToOffset(TimeSpan.FromMinutes(row.Int32(8))),
            EmailId = row.Text(9),
            ThreadId = row.Text(10),
            TracePrefix = trace,
            Structure = Structure(row.Blob(12), content, size - trace.Length, logger),
        };
    }

    /// <summary>Damage is local (design §4): a message whose structure cannot be read is shown as a block of octets, and all others as ever.</summary>
    public static Merpati.Mailboxes.MessageStructure Structure(ReadOnlySpan<byte> octets, ContentId content, long length, ILogger logger)
    {
        try
        {
            return MessageStructureCodec.Decode(octets);
        }
        catch (InvalidDataException damage)
        {
            MailboxStoreLog.StructureDamaged(logger, content, damage);
            return new()
            {
                Envelope = new(),
                Root = new() { Type = "application", Subtype = "octet-stream", Encoding = "8bit", BodyLength = length },
            };
        }
    }

    /// <summary>What was expunged after <paramref name="since"/>; only as far back as tombstones are kept.</summary>
    public static UidSet Tombstones(SqliteSession session, MailboxRow mailbox, ModSeq since)
    {
        var runs = new List<UidRange>();
        using var rows = session.Query("SELECT first, last FROM tombstones WHERE mailbox = ?1 AND modseq > ?2", mailbox.Key, since.Value);
        while (rows.Next()) runs.Add(new UidRange(new Uid((uint)rows.Int64(0)), new Uid((uint)rows.Int64(1))));
        return UidSet.Of(runs);
    }

    /// <summary>The tombstones that would tell are forgotten: everything that is not there was expunged at some time.</summary>
    private static UidSet Missing(SqliteSession session, MailboxRow mailbox)
    {
        var missing = new List<UidRange>();
        var next = 1L;
        using var rows = session.Query("SELECT uid FROM messages WHERE mailbox = ?1 ORDER BY uid", mailbox.Key);
        while (rows.Next())
        {
            Add(missing, next, rows.Int64(0) - 1);
            next = rows.Int64(0) + 1;
        }
        Add(missing, next, mailbox.Info.UidNext.Value - 1L);
        return UidSet.Of(missing);
    }

    private static void Add(List<UidRange> ranges, long first, long last)
    {
        if (first <= last) ranges.Add(new UidRange(new Uid((uint)first), new Uid((uint)last)));
    }
}
