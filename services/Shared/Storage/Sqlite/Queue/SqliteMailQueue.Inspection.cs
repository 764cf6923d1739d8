using Merpati.Addresses;
using Merpati.Mailboxes;
using Merpati.Queueing;

namespace Merpati.Storage.Sqlite;

/// <summary>What people and metrics ask about the queue; nothing here writes.</summary>
public sealed partial class SqliteMailQueue
{
    public ValueTask<DateTimeOffset?> NextDueAsync(QueueRoute route, CancellationToken cancellationToken)
        => database.ReadAsync(session =>
        {
            using var rows = session.Query("SELECT min(due) FROM entry WHERE route = ?1 AND due IS NOT NULL", (int)route);
            return rows.Next() ? rows.TimeOrNull(0) : null;
        }, cancellationToken);

    public ValueTask<QueueEntry?> FindAsync(QueueId id, CancellationToken cancellationToken)
        => database.ReadAsync(session =>
        {
            using var rows = session.Query($"SELECT {QueueRows.Columns} FROM entry WHERE id = ?1", id.Value);
            return rows.Next() ? QueueRows.Read(session, rows) : null;
        }, cancellationToken);

    public ValueTask<IReadOnlyList<QueueEntry>> BrowseAsync(QueueFilter filter, QueueId? after, int limit, CancellationToken cancellationToken)
        => database.ReadAsync<IReadOnlyList<QueueEntry>>(session =>
        {
            var found = new List<QueueEntry>();
            using var rows = Select(session, filter, after?.Value, limit);
            while (rows.Next()) found.Add(QueueRows.Read(session, rows));
            return found;
        }, cancellationToken);

    public ValueTask<IReadOnlyList<QueueCount>> CountAsync(CancellationToken cancellationToken)
        => database.ReadAsync<IReadOnlyList<QueueCount>>(session =>
        {
            var counts = new List<QueueCount>();
            using var rows = session.Query(
                """
                SELECT e.route, r.state, r.domain, count(*), min(e.accepted_at) FROM recipient r JOIN entry e ON e.number = r.entry
                WHERE r.state IN (0, 1) GROUP BY e.route, r.state, r.domain ORDER BY e.route, r.state, r.domain
                """);
            while (rows.Next()) counts.Add(new QueueCount((QueueRoute)rows.Int32(0), (RecipientState)rows.Int32(1), rows.Text(2), rows.Int64(3), rows.Time(4)));
            return counts;
        }, cancellationToken);

    public ValueTask<Ledger> LedgerAsync(CancellationToken cancellationToken)
        => database.ReadAsync(session =>
        {
            var accepted = 0L;
            var closed = new Dictionary<RecipientState, long>();
            using (var rows = session.Query("SELECT account, recipients FROM ledger"))
            {
                while (rows.Next())
                {
                    if (rows.Int32(0) == QueueSchema.Accepted) accepted = rows.Int64(1);
                    else closed[(RecipientState)rows.Int32(0)] = rows.Int64(1);
                }
            }
            return new Ledger(accepted, closed, session.Number("SELECT count(*) FROM recipient WHERE state IN (0, 1)")!.Value);
        }, cancellationToken);

    public ValueTask<IReadOnlySet<ContentId>> FindReferencedAsync(IReadOnlyList<ContentId> contents, CancellationToken cancellationToken)
        => database.ReadAsync<IReadOnlySet<ContentId>>(session => contents.Where(content => session.Exists("SELECT 1 FROM entry WHERE content = ?1", content.Value)).ToHashSet(), cancellationToken);

    private static Rows Select(SqliteSession session, QueueFilter filter, Guid? after, int limit)
        => session.Query(
            $"""
            SELECT {QueueRows.Columns}, lease_expires_at, due IS NOT NULL FROM entry
            WHERE id > coalesce(?1, x'')
                AND (?2 IS NULL OR id = ?2)
                AND (?3 IS NULL OR route = ?3)
                AND (?4 IS NULL OR accepted_at < ?4)
                AND (?5 IS NULL OR instr(reverse_key, ?5) > 0)
                AND (?6 IS NULL OR EXISTS (SELECT 1 FROM recipient WHERE entry = entry.number AND state = ?6))
                AND (?7 IS NULL OR EXISTS (SELECT 1 FROM recipient WHERE entry = entry.number AND instr(key, ?7) > 0))
                AND (?9 IS NULL OR EXISTS (SELECT 1 FROM recipient WHERE entry = entry.number AND domain = ?9))
                AND (?10 IS NULL OR submitter = ?10)
                AND (?11 IS NULL OR EXISTS (SELECT 1 FROM recipient WHERE entry = entry.number AND instr(lower(detail), lower(?11)) > 0))
            ORDER BY id LIMIT ?8
            """,
            after, filter.Id?.Value, (int?)filter.Route, filter.AcceptedBefore, Lower(filter.Sender), (int?)filter.State, Lower(filter.Recipient), limit,
            filter.Domain is { } domain ? DomainName.Normalize(domain) : null, filter.Submitter?.Value, filter.Reply);

    private static string? Lower(string? part) => part is null ? null : QueueRows.Key(part);
}
