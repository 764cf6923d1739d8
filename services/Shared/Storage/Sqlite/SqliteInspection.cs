using System.Runtime.CompilerServices;
using Merpati.Mailboxes;
using Merpati.Queueing;

namespace Merpati.Storage.Sqlite;

/// <inheritdoc cref="IStoreInspection"/>
/// <remarks>A reader's snapshot is one moment, and so is a turn of the writer, which mends what it finds in it. What a UNIQUE holds together needs no look.</remarks>
internal sealed class SqliteInspection(SqliteDatabase contents, SqliteDatabase queue, SqliteDatabase mailboxes) : IStoreInspection
{
    private const int Page = 500;

    public async IAsyncEnumerable<Damage> InspectContentsAsync(bool mend, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var page in PagesAsync(contents, ReadContents, cancellationToken))
        {
            foreach (var damage in page) yield return damage;
        }
        foreach (var damage in await InspectAsync(contents, session => FindOrphans(session, mend), mend, cancellationToken)) yield return damage;
    }

    public async IAsyncEnumerable<Damage> InspectQueueAsync(CheckContents check, bool mend, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var page in PagesAsync(queue, ReadEntries, cancellationToken))
        {
            foreach (var damage in await check([.. page.Select(entry => entry.Use)], cancellationToken)) yield return damage;
            foreach (var (number, use) in page)
            {
                foreach (var damage in await InspectAsync(queue, session => InspectEntry(session, number, use.Where, mend), mend, cancellationToken)) yield return damage;
            }
        }
        foreach (var damage in await InspectAsync(queue, session => InspectFence(session, mend), mend, cancellationToken)) yield return damage;
    }

    public async IAsyncEnumerable<Damage> InspectMailboxesAsync(CheckContents check, bool mend, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var page in PagesAsync(mailboxes, (session, after) => ReadNumbers(session, "SELECT id FROM mailboxes WHERE id > ?1 ORDER BY id LIMIT ?2", after), cancellationToken))
        {
            foreach (var mailbox in page)
            {
                foreach (var damage in await InspectAsync(mailboxes, session => InspectMailbox(session, mailbox, mend), mend, cancellationToken)) yield return damage;
            }
        }
        // After the mailboxes, whose counts are added up here.
        await foreach (var page in PagesAsync(mailboxes, (session, after) => ReadNumbers(session, "SELECT id FROM accounts WHERE id > ?1 ORDER BY id LIMIT ?2", after), cancellationToken))
        {
            foreach (var account in page)
            {
                foreach (var damage in await InspectAsync(mailboxes, session => InspectUsage(session, account, mend), mend, cancellationToken)) yield return damage;
            }
        }
        await foreach (var page in PagesAsync(mailboxes, ReadMessages, cancellationToken))
        {
            foreach (var damage in page.Where(message => message.Damage is not null)) yield return damage.Damage!;
            foreach (var damage in await check([.. page.Where(message => message.Use is not null).Select(message => message.Use!)], cancellationToken)) yield return damage;
        }
        foreach (var damage in await mailboxes.ReadAsync(FindStrays, cancellationToken)) yield return damage;
    }

    public ValueTask<IReadOnlyDictionary<ContentId, long>> FindSizesAsync(IReadOnlyList<ContentId> ids, CancellationToken cancellationToken)
        => contents.ReadAsync<IReadOnlyDictionary<ContentId, long>>(session =>
        {
            var sizes = new Dictionary<ContentId, long>();
            foreach (var id in ids)
            {
                if (session.Number("SELECT size FROM content WHERE id = ?1", id.Value) is { } size) sizes[id] = size;
            }
            return sizes;
        }, cancellationToken);

    public ValueTask<IReadOnlySet<ContentId>> FindReferencedAsync(IReadOnlyList<ContentId> ids, CancellationToken cancellationToken)
        => mailboxes.ReadAsync<IReadOnlySet<ContentId>>(session => ids.Where(content => session.Exists("SELECT 1 FROM details WHERE content = ?1", content.Value)).ToHashSet(), cancellationToken);

    private static ValueTask<List<Damage>> InspectAsync(SqliteDatabase database, Func<SqliteSession, List<Damage>> inspect, bool mend, CancellationToken cancellationToken)
        => mend ? database.WriteAsync(inspect, cancellationToken) : database.ReadAsync(inspect, cancellationToken);

    /// <summary>Pages until <paramref name="read"/> knows no place to go on from.</summary>
    private static async IAsyncEnumerable<List<T>> PagesAsync<T>(SqliteDatabase database, Func<SqliteSession, SqlValue?[], (List<T> Page, SqlValue?[]? Next)> read, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        SqlValue?[]? after = [];
        while (after is not null)
        {
            var place = after;
            (var page, after) = await database.ReadAsync(session => read(session, place), cancellationToken);
            yield return page;
        }
    }

    private static (List<long> Page, SqlValue?[]? Next) ReadNumbers(SqliteSession session, string sql, SqlValue?[] after)
    {
        var numbers = new List<long>();
        using var rows = session.Query(sql, after.ElementAtOrDefault(0) ?? 0, Page);
        while (rows.Next()) numbers.Add(rows.Int64(0));
        return (numbers, numbers.Count < Page ? null : [numbers[^1]]);
    }

    private static (List<Damage> Page, SqlValue?[]? Next) ReadContents(SqliteSession session, SqlValue?[] after)
    {
        var damages = new List<Damage>();
        var (read, last) = (0, Guid.Empty);
        using var rows = session.Query(
            "SELECT id, size, octets IS NULL, length(octets), (SELECT count(*) FROM chunk WHERE content = id) FROM content WHERE id > ?1 ORDER BY id LIMIT ?2", after.ElementAtOrDefault(0) ?? Guid.Empty, Page);
        for (; rows.Next(); read++)
        {
            last = rows.Guid(0);
            var (size, chunks) = (rows.Int64(1), (rows.Int64(1) + ChunkedContentStream.ChunkSize - 1) / ChunkedContentStream.ChunkSize);
            var problem = rows.Boolean(2) switch
            {
                true when rows.Int64(4) != chunks => $"it has {rows.Int64(4)} chunks and should have {chunks}",
                false when rows.Int64(3) != size => $"{rows.Int64(3)} octets of {size} are there",
                _ => null,
            };
            if (problem is not null) damages.Add(new Damage(DamageKind.ContentDamaged, $"content {new ContentId(last)}", problem, Octets: size));
        }
        return (damages, read < Page ? null : [last]);
    }

    private static List<Damage> FindOrphans(SqliteSession session, bool mend)
    {
        const string Condition = "NOT EXISTS (SELECT 1 FROM content WHERE id = chunk.content) AND NOT EXISTS (SELECT 1 FROM unfinished WHERE unfinished.content = chunk.content)";
        var damages = new List<Damage>();
        using (var rows = session.Query($"SELECT content, count(*), sum(length(octets)) FROM chunk WHERE {Condition} GROUP BY content"))
        {
            while (rows.Next()) damages.Add(new Damage(DamageKind.ChunksOrphaned, $"content {new ContentId(rows.Guid(0))}", $"{rows.Int64(1)} chunks belong to no content", mend, rows.Int64(2)));
        }
        if (mend && damages.Count > 0) session.Execute($"DELETE FROM chunk WHERE {Condition}");
        return damages;
    }

    private static (List<(long Number, ContentUse Use)> Page, SqlValue?[]? Next) ReadEntries(SqliteSession session, SqlValue?[] after)
    {
        var entries = new List<(long Number, ContentUse Use)>();
        using var rows = session.Query("SELECT number, id, content, size FROM entry WHERE number > ?1 ORDER BY number LIMIT ?2", after.ElementAtOrDefault(0) ?? 0, Page);
        while (rows.Next()) entries.Add((rows.Int64(0), new ContentUse(new ContentId(rows.Guid(2)), rows.Int64(3), $"queue entry {new QueueId(rows.Guid(1))}")));
        return (entries, entries.Count < Page ? null : [entries[^1].Number]);
    }

    private static List<Damage> InspectEntry(SqliteSession session, long number, string where, bool mend)
    {
        var damages = new List<Damage>();
        long recipients, open, queued;
        bool isDue;
        using (var rows = session.Query("SELECT due IS NOT NULL, (SELECT count(*) FROM recipient WHERE entry = ?1), (SELECT count(*) FROM recipient WHERE entry = ?1 AND state IN (0, 1)), (SELECT count(*) FROM recipient WHERE entry = ?1 AND state = 0) FROM entry WHERE number = ?1", number))
        {
            if (!rows.Next()) return damages;
            (isDue, recipients, open, queued) = (rows.Boolean(0), rows.Int64(1), rows.Int64(2), rows.Int64(3));
        }
        if (open == 0) damages.Add(new Damage(DamageKind.EntryClosed, where, $"all of its {recipients} recipients are closed, and it is still there"));
        if (queued > 0 && !isDue)
        {
            if (mend) session.Execute("UPDATE entry SET due = next_attempt_at WHERE number = ?1", number);
            damages.Add(new Damage(DamageKind.EntryStuck, where, $"{queued} of its recipients are queued, and it is never due", mend));
        }
        return damages;
    }

    private static List<Damage> InspectFence(SqliteSession session, bool mend)
    {
        var (fence, token) = (session.Number("SELECT last_token FROM fence"), session.Number("SELECT max(lease_token) FROM entry") ?? 0);
        if (fence >= token) return [];
        if (mend) session.Execute("UPDATE fence SET last_token = ?1", token);
        return [new Damage(DamageKind.FenceBehind, "queue", $"the last lease token is said to be {fence}, and an entry has {token}", mend)];
    }

    private static List<Damage> InspectMailbox(SqliteSession session, long mailbox, bool mend)
    {
        var damages = new List<Damage>();
        string where;
        long uidNext, highest;
        (long Messages, long Size, long Unseen, long Deleted, long Recent) said, counted;
        using (var rows = session.Query(
            "SELECT a.account, m.name, m.uid_next, m.highest_modseq, m.messages, m.size, m.unseen, m.deleted, m.recent FROM mailboxes m JOIN accounts a ON a.id = m.account WHERE m.id = ?1", mailbox))
        {
            if (!rows.Next()) return damages;
            (where, uidNext, highest) = ($"account {new AccountId(rows.Guid(0))}, mailbox {rows.Text(1)}", rows.Int64(2), rows.Int64(3));
            said = (rows.Int64(4), rows.Int64(5), rows.Int64(6), rows.Int64(7), rows.Int64(8));
        }
        long last, newest;
        using (var rows = session.Query(
            """
            SELECT count(*), coalesce(sum(size), 0), coalesce(sum(flags & ?2 = 0), 0), coalesce(sum(flags & ?3 <> 0), 0), coalesce(sum(uid >= (SELECT first_recent FROM mailboxes WHERE id = ?1)), 0),
                coalesce(max(uid), 0), max(coalesce(max(modseq), 0), coalesce((SELECT max(modseq) FROM tombstones WHERE mailbox = ?1), 0)) FROM messages WHERE mailbox = ?1
            """, mailbox, (int)SystemFlags.Seen, (int)SystemFlags.Deleted))
        {
            rows.Next();
            counted = (rows.Int64(0), rows.Int64(1), rows.Int64(2), rows.Int64(3), rows.Int64(4));
            (last, newest) = (rows.Int64(5), rows.Int64(6));
        }
        if (said != counted)
        {
            if (mend)
            {
                session.Execute("UPDATE mailboxes SET messages = ?2, size = ?3, unseen = ?4, deleted = ?5, recent = ?6 WHERE id = ?1", mailbox, counted.Messages, counted.Size, counted.Unseen, counted.Deleted, counted.Recent);
            }
            damages.Add(new Damage(DamageKind.MailboxCounts, where, $"it is said to have {Counts(said)}, and has {Counts(counted)}", mend));
        }
        if (last >= uidNext)
        {
            if (mend) session.Execute("UPDATE mailboxes SET uid_next = ?2 WHERE id = ?1", mailbox, last + 1);
            damages.Add(new Damage(DamageKind.UidNext, where, $"UIDNEXT is {uidNext}, and a message has the UID {last}", mend));
        }
        if (newest > highest)
        {
            if (mend) session.Execute("UPDATE mailboxes SET highest_modseq = ?2 WHERE id = ?1", mailbox, newest);
            damages.Add(new Damage(DamageKind.HighestModSeq, where, $"HIGHESTMODSEQ is {highest}, and there is a change {newest}", mend));
        }
        return damages;

        static string Counts((long Messages, long Size, long Unseen, long Deleted, long Recent) counts)
            => $"{counts.Messages} messages of {counts.Size} octets ({counts.Unseen} unseen, {counts.Deleted} deleted, {counts.Recent} recent)";
    }

    private static List<Damage> InspectUsage(SqliteSession session, long account, bool mend)
    {
        using var rows = session.Query(
            "SELECT account, octets, messages, (SELECT coalesce(sum(size), 0) FROM mailboxes m WHERE m.account = accounts.id), (SELECT coalesce(sum(m.messages), 0) FROM mailboxes m WHERE m.account = accounts.id) FROM accounts WHERE id = ?1", account);
        if (!rows.Next() || (rows.Int64(1) == rows.Int64(3) && rows.Int64(2) == rows.Int64(4))) return [];
        var (octets, messages) = (rows.Int64(3), rows.Int64(4));
        var damage = new Damage(DamageKind.Usage, $"account {new AccountId(rows.Guid(0))}", $"it is said to use {rows.Int64(1)} octets in {rows.Int64(2)} messages, and its mailboxes have {octets} in {messages}", mend);
        if (mend) session.Execute("UPDATE accounts SET octets = ?2, messages = ?3 WHERE id = ?1", account, octets, messages);
        return [damage];
    }

    private static (List<(Damage? Damage, ContentUse? Use)> Page, SqlValue?[]? Next) ReadMessages(SqliteSession session, SqlValue?[] after)
    {
        var messages = new List<(Damage? Damage, ContentUse? Use)>();
        var (mailbox, uid) = (0L, 0L);
        using var rows = session.Query(
            """
            SELECT m.mailbox, m.uid, m.size, b.name, a.account, d.content, length(d.trace) FROM messages m
                LEFT JOIN mailboxes b ON b.id = m.mailbox LEFT JOIN accounts a ON a.id = b.account LEFT JOIN details d ON d.id = m.detail
            WHERE (m.mailbox, m.uid) > (?1, ?2) ORDER BY m.mailbox, m.uid LIMIT ?3
            """, after.ElementAtOrDefault(0) ?? 0, after.ElementAtOrDefault(1) ?? 0, Page);
        while (rows.Next())
        {
            (mailbox, uid) = (rows.Int64(0), rows.Int64(1));
            // Those without a mailbox are told of together.
            if (rows.IsNull(3) || rows.IsNull(4)) messages.Add((null, null));
            else
            {
                var where = $"account {new AccountId(rows.Guid(4))}, mailbox {rows.Text(3)}, UID {uid}";
                messages.Add(rows.IsNull(5)
                    ? (new Damage(DamageKind.MessageWithoutDetails, where, "its structure is gone, and with it the way to its content"), null)
                    : (null, new ContentUse(new ContentId(rows.Guid(5)), rows.Int64(2) - rows.Int64(6), where)));
            }
        }
        return (messages, messages.Count < Page ? null : [mailbox, uid]);
    }

    private static List<Damage> FindStrays(SqliteSession session)
    {
        var damages = new List<Damage>();
        using var rows = session.Query("SELECT mailbox, count(*) FROM messages WHERE mailbox NOT IN (SELECT id FROM mailboxes) AND mailbox NOT IN (SELECT mailbox FROM deleted_mailboxes) GROUP BY mailbox");
        while (rows.Next()) damages.Add(new Damage(DamageKind.MessageWithoutMailbox, $"mailbox number {rows.Int64(0)}", $"{rows.Int64(1)} messages are there, and no mailbox"));
        return damages;
    }
}
