using Merpati.Mailboxes;

namespace Merpati.Storage.Sqlite;

/// <summary>Forgets what nobody will ask for any more, some rows a call.</summary>
internal static class Retention
{
    private const int Step = 1000;

    /// <summary>How many delivery keys it forgot; 0 when none is left.</summary>
    public static int ForgetDeliveries(SqliteSession session, DateTimeOffset before) => session.Execute(
        """
        DELETE FROM deliveries WHERE (queue_id, recipient, account) IN
            (SELECT queue_id, recipient, account FROM deliveries WHERE recorded_at < ?1 LIMIT ?2)
        """,
        before, Step);

    /// <summary>How many runs of UIDs it forgot; 0 when none is left. Each mailbox remembers up to which MODSEQ it cannot tell any more.</summary>
    public static int ForgetTombstones(SqliteSession session, DateTimeOffset before)
    {
        var old = new List<(long Mailbox, ModSeq ModSeq, long First)>(Step);
        using (var rows = session.Query("SELECT mailbox, modseq, first FROM tombstones WHERE expunged_at < ?1 LIMIT ?2", before, Step))
        {
            while (rows.Next()) old.Add((rows.Int64(0), new ModSeq(rows.Int64(1)), rows.Int64(2)));
        }
        foreach (var (mailbox, modSeq, first) in old)
            session.Execute("DELETE FROM tombstones WHERE mailbox = ?1 AND modseq = ?2 AND first = ?3", mailbox, modSeq.Value, first);
        foreach (var mailbox in old.GroupBy(tombstone => tombstone.Mailbox))
            session.Execute("UPDATE mailboxes SET forgotten = max(forgotten, ?2) WHERE id = ?1", mailbox.Key, mailbox.Max(tombstone => tombstone.ModSeq.Value));
        return old.Count;
    }
}
