using System.Globalization;
using Merpati.Mailboxes;
using Microsoft.Extensions.Logging;

namespace Merpati.Storage.Sqlite;

/// <summary>
/// The search index in <c>mailboxes.db</c>: a message waits in it by a trigger of the transaction that inserts its details, and its text goes with them (ADR 16).
/// A query goes through the signatures of the mailbox, and reads the texts of those that let it through.
/// </summary>
public sealed class SqliteSearchIndex(SqliteDatabase database, ILogger logger) : ISearchIndex
{
    private const int Page = 5000;
    private const int Step = 2000;

    public async ValueTask PrepareAsync(CancellationToken cancellationToken)
    {
        if (await database.ReadAsync(session => session.Number("SELECT version FROM search_version"), cancellationToken) != IndexedText.Version) await RebuildAsync(cancellationToken);
    }

    public async ValueTask RebuildAsync(CancellationToken cancellationToken)
    {
        // What was there is forgotten when all wait, in small steps: a crash in between leaves the old version, and it begins anew.
        await database.WriteAsync(session => session.Execute("UPDATE search_version SET version = 0"), cancellationToken);
        for (long? last = 0; last is not null;)
        {
            var after = last.Value;
            last = await database.WriteAsync(session => Forget(session, after), cancellationToken);
        }
        await database.WriteAsync(session => session.Execute("UPDATE search_version SET version = ?1", IndexedText.Version), cancellationToken);
    }

    public ValueTask<IReadOnlyList<UnindexedMessage>> WaitingAsync(int limit, CancellationToken cancellationToken)
        => database.ReadAsync<IReadOnlyList<UnindexedMessage>>(session =>
        {
            var waiting = new List<UnindexedMessage>();
            using var rows = session.Query("SELECT w.ticket, d.content, d.trace, d.structure FROM search_waiting w CROSS JOIN details d ON d.id = w.detail ORDER BY w.ticket LIMIT ?1", limit);
            while (rows.Next())
                waiting.Add(new UnindexedMessage(rows.Int64(0).ToString(CultureInfo.InvariantCulture), new ContentId(rows.Guid(1)), rows.Bytes(2), ReadMailbox.Structure(rows.Blob(3), new ContentId(rows.Guid(1)), length: 0, logger)));
            return waiting;
        }, cancellationToken);

    public ValueTask<long> CountWaitingAsync(CancellationToken cancellationToken)
        => database.ReadAsync(session => session.Number("SELECT count(*) FROM search_waiting") ?? 0, cancellationToken);

    public ValueTask AddAsync(IReadOnlyList<IndexedText> texts, CancellationToken cancellationToken)
    {
        var octets = texts.Sum(text => (long)text.Text.Length + text.Signature.Length);
        return Discard(database.WriteAsync(session =>
        {
            foreach (var text in texts) Add(session, text);
            return true;
        }, octets, cancellationToken));
    }

    public async ValueTask<TextAnswers> FindAsync(AccountId account, MailboxId mailbox, UidSet uids, TextQuery query, CancellationToken cancellationToken)
    {
        var (matching, open) = (new List<Uid>(), new List<Uid>());
        foreach (var range in uids)
        {
            for (Uid? next = range.First; next is { } first && first <= range.Last;)
                next = await database.ReadAsync(session => Find(session, account, mailbox, new UidRange(first, range.Last), query, matching, open), cancellationToken);
        }
        return new TextAnswers(matching, open);
    }

    /// <summary>Where the next page begins; null after the last.</summary>
    private static Uid? Find(SqliteSession session, AccountId account, MailboxId mailbox, UidRange range, TextQuery query, List<Uid> matching, List<Uid> open)
    {
        // Looked up for every page: between two pages the mailbox may have gone.
        if (MailboxRow.FindKey(session, account, mailbox) is not { } key) return null;
        var (count, last) = (0, default(Uid));
        using var rows = session.Query(
            """
            SELECT m.uid, m.detail, s.signature FROM messages m LEFT JOIN search_signatures s ON s.detail = m.detail
            WHERE m.mailbox = ?1 AND m.uid BETWEEN ?2 AND ?3 ORDER BY m.uid LIMIT ?4
            """,
            key, range.First.Value, range.Last.Value, Page);
        while (rows.Next())
        {
            count++;
            last = new Uid((uint)rows.Int64(0));
            if (rows.IsNull(2)) open.Add(last);
            else if (query.MayBeIn(rows.Blob(2)))
            {
                switch (IsIn(session, rows.Int64(1), query))
                {
                    case true:
                        matching.Add(last);
                        break;
                    case null:
                        open.Add(last);
                        break;
                }
            }
        }
        return count < Page || last.Value == uint.MaxValue ? null : new Uid(last.Value + 1);
    }

    private static bool? IsIn(SqliteSession session, long detail, TextQuery query)
    {
        using var rows = session.Query("SELECT text, header, whole FROM search_texts WHERE detail = ?1", detail);
        return rows.Next() ? query.IsIn(rows.Blob(0), rows.Int32(1), rows.Boolean(2)) : null;
    }

    private static void Add(SqliteSession session, IndexedText text)
    {
        var ticket = long.Parse(text.Key, CultureInfo.InvariantCulture);
        // Gone, or waiting under another ticket.
        if (session.Number("SELECT detail FROM search_waiting WHERE ticket = ?1", ticket) is not { } detail) return;
        session.Execute("DELETE FROM search_waiting WHERE ticket = ?1", ticket);
        session.Execute("INSERT INTO search_signatures (detail, signature) VALUES (?1, ?2)", detail, text.Signature);
        session.Execute("INSERT INTO search_texts (detail, header, whole, text) VALUES (?1, ?2, ?3, ?4)", detail, text.HeaderLength, text.IsWhole ? 1 : 0, text.Text);
    }

    private static long? Forget(SqliteSession session, long after)
    {
        var last = session.Number("SELECT max(id) FROM (SELECT id FROM details WHERE id > ?1 ORDER BY id LIMIT ?2)", after, Step);
        if (last is not { } until) return null;
        // A new ticket: what was read before does not count.
        session.Execute("DELETE FROM search_waiting WHERE detail > ?1 AND detail <= ?2", after, until);
        session.Execute("INSERT INTO search_waiting (detail) SELECT id FROM details WHERE id > ?1 AND id <= ?2 ORDER BY id", after, until);
        session.Execute("DELETE FROM search_signatures WHERE detail > ?1 AND detail <= ?2", after, until);
        session.Execute("DELETE FROM search_texts WHERE detail > ?1 AND detail <= ?2", after, until);
        return until;
    }

    private static async ValueTask Discard(ValueTask<bool> written) => await written;
}
