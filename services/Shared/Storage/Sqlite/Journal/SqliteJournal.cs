using System.Text.Json;
using Merpati.Queueing;
using Merpati.Timeline;

namespace Merpati.Storage.Sqlite;

/// <inheritdoc cref="IJournal"/>
public sealed class SqliteJournal(SqliteDatabase database) : IJournal
{
    private const string SubjectColumns = "queue_id, at, message_id, reverse_path, recipients, size, client_address, decision";
    private const int MessagesPerStep = 256;

    public static SqliteSchema Schema => JournalSchema.Schema;

    public async ValueTask AppendAsync(TimelineSubject? subject, IReadOnlyList<TimelineEvent> events, CancellationToken cancellationToken)
    {
        if (subject is null && events.Count == 0) return;
        await database.WriteAsync(session =>
        {
            if (subject is not null) Insert(session, subject);
            foreach (var step in events) Insert(session, step);
            foreach (var message in events.GroupBy(step => step.QueueId)) Touch(session, message.Key, message.Max(step => step.At));
        }, cancellationToken);
    }

    public ValueTask<IReadOnlyList<TimelineEvent>> ReadAsync(QueueId id, CancellationToken cancellationToken)
        => database.ReadAsync<IReadOnlyList<TimelineEvent>>(session =>
        {
            var events = new List<TimelineEvent>();
            using var rows = session.Query("SELECT at, step, recipient, detail FROM event WHERE queue_id = ?1 ORDER BY at, number", id.Value);
            while (rows.Next()) events.Add(new TimelineEvent(id, rows.Time(0), (TimelineStep)rows.Int32(1), rows.TextOrNull(2), rows.Text(3)));
            return events;
        }, cancellationToken);

    public ValueTask<TimelineSubject?> FindAsync(QueueId id, CancellationToken cancellationToken) => database.ReadAsync(session => Find(session, id), cancellationToken);

    public ValueTask<IReadOnlyList<TimelineSubject>> SearchAsync(string messageIdOrAddress, int limit, CancellationToken cancellationToken)
        => database.ReadAsync<IReadOnlyList<TimelineSubject>>(session =>
        {
            var found = new List<TimelineSubject>();
            using var rows = session.Query("SELECT queue_id FROM search WHERE key = ?1 ORDER BY at DESC, queue_id DESC LIMIT ?2", SearchKey.Of(messageIdOrAddress), limit);
            while (rows.Next())
            {
                if (Find(session, new QueueId(rows.Guid(0))) is { } subject) found.Add(subject);
            }
            return found;
        }, cancellationToken);

    public ValueTask<IReadOnlyList<TimelineDecision>> DecisionsAsync(DateTimeOffset since, QueueId? after, int limit, CancellationToken cancellationToken)
        => database.ReadAsync<IReadOnlyList<TimelineDecision>>(session =>
        {
            var found = new List<TimelineDecision>();
            using var rows = session.Query("SELECT queue_id, at, decision FROM message WHERE decision IS NOT NULL AND (at > ?1 OR (at = ?1 AND (?2 IS NULL OR queue_id > ?2))) ORDER BY at, queue_id LIMIT ?3", since, after?.Value, limit);
            while (rows.Next()) found.Add(new TimelineDecision(new QueueId(rows.Guid(0)), rows.Time(1), rows.Text(2)));
            return found;
        }, cancellationToken);

    public async ValueTask<int> ForgetAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        var forgotten = 0;
        while (true)
        {
            var step = await database.WriteAsync(session =>
            {
                var old = FindOlder(session, before);
                foreach (var id in old) Forget(session, id);
                return old.Count;
            }, cancellationToken);
            forgotten += step;
            if (step < MessagesPerStep) return forgotten;
        }
    }

    private static void Insert(SqliteSession session, TimelineSubject subject)
    {
        // A repeated subject is the same message told again: the first stays.
        var told = session.Execute(
            """
            INSERT INTO message (queue_id, last_at, at, message_id, reverse_path, recipients, size, client_address, decision) VALUES (?1, ?2, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            ON CONFLICT (queue_id) DO UPDATE SET last_at = max(last_at, ?2), at = ?2, message_id = ?3, reverse_path = ?4, recipients = ?5, size = ?6, client_address = ?7, decision = ?8 WHERE at IS NULL
            """,
            subject.QueueId.Value, subject.At, subject.MessageId, subject.ReversePath, JsonSerializer.Serialize(subject.Recipients), subject.Size, subject.ClientAddress, subject.Decision);
        if (told == 0) return;
        foreach (var key in SearchKey.OfSubject(subject)) session.Execute("INSERT OR IGNORE INTO search (key, at, queue_id) VALUES (?1, ?2, ?3)", key, subject.At, subject.QueueId.Value);
    }

    // OR IGNORE is for event_once: of Announced and FirstFetched the first counts.
    private static void Insert(SqliteSession session, TimelineEvent step)
        => session.Execute(
            "INSERT OR IGNORE INTO event (queue_id, number, at, step, recipient, detail) SELECT ?1, coalesce(max(number), 0) + 1, ?2, ?3, ?4, ?5 FROM event WHERE queue_id = ?1",
            step.QueueId.Value, step.At, (int)step.Step, step.Recipient, step.Detail);

    private static void Touch(SqliteSession session, QueueId id, DateTimeOffset at)
        => session.Execute("INSERT INTO message (queue_id, last_at) VALUES (?1, ?2) ON CONFLICT (queue_id) DO UPDATE SET last_at = ?2 WHERE last_at < ?2", id.Value, at);

    private static TimelineSubject? Find(SqliteSession session, QueueId id)
    {
        using var rows = session.Query($"SELECT {SubjectColumns} FROM message WHERE queue_id = ?1 AND at IS NOT NULL", id.Value);
        return rows.Next()
            ? new TimelineSubject(id, rows.Time(1), rows.TextOrNull(2), rows.Text(3), JsonSerializer.Deserialize<List<string>>(rows.Blob(4)) ?? [], rows.Int64(5), rows.TextOrNull(6)) { Decision = rows.TextOrNull(7) }
            : null;
    }

    private static List<QueueId> FindOlder(SqliteSession session, DateTimeOffset before)
    {
        var older = new List<QueueId>();
        using var rows = session.Query("SELECT queue_id FROM message WHERE last_at < ?1 ORDER BY last_at LIMIT ?2", before, MessagesPerStep);
        while (rows.Next()) older.Add(new QueueId(rows.Guid(0)));
        return older;
    }

    private static void Forget(SqliteSession session, QueueId id)
    {
        if (Find(session, id) is { } subject)
        {
            foreach (var key in SearchKey.OfSubject(subject)) session.Execute("DELETE FROM search WHERE key = ?1 AND at = ?2 AND queue_id = ?3", key, subject.At, id.Value);
        }
        session.Execute("DELETE FROM event WHERE queue_id = ?1", id.Value);
        session.Execute("DELETE FROM message WHERE queue_id = ?1", id.Value);
    }
}
