using Merpati.Queueing;

namespace Merpati.Storage.Sqlite;

/// <summary>What people do to entries, one or many by filter. A filter may match the whole queue, so it is worked off in steps, each a transaction, in order of id.</summary>
public sealed partial class SqliteMailQueue
{
    private const int EntriesPerStep = 256;

    public ValueTask<IReadOnlyList<QueueId>> HoldAsync(QueueFilter filter, string reason, CancellationToken cancellationToken)
        => ForEachAsync(filter, (session, entry, now) =>
        {
            if (entry.IsLeased(now) || QueueRows.MoveAll(session, entry.Number, RecipientState.Queued, RecipientState.Held, reason) == 0) return false;
            // Whoever let the lease expire must not come back to an entry that a person has put aside.
            session.Execute("UPDATE entry SET due = NULL, lease_token = NULL, lease_expires_at = NULL WHERE number = ?1", entry.Number);
            return true;
        }, cancellationToken);

    public ValueTask<IReadOnlyList<QueueId>> ReleaseAsync(QueueFilter filter, CancellationToken cancellationToken)
        => ForEachAsync(filter, (session, entry, now) =>
        {
            if (QueueRows.MoveAll(session, entry.Number, RecipientState.Held, RecipientState.Queued, detail: null) == 0) return false;
            DueNow(session, entry, now);
            return true;
        }, cancellationToken);

    public ValueTask<IReadOnlyList<QueueId>> RetryNowAsync(QueueFilter filter, CancellationToken cancellationToken)
        => ForEachAsync(filter, (session, entry, now) =>
        {
            // Held ones wait for a release; leased ones are being tried this moment.
            if (!entry.HasDue || entry.IsLeased(now)) return false;
            session.Execute("UPDATE entry SET next_attempt_at = ?2, due = ?2 WHERE number = ?1", entry.Number, now);
            return true;
        }, cancellationToken);

    public ValueTask<IReadOnlyList<QueueId>> BounceAsync(QueueFilter filter, string reason, CancellationToken cancellationToken)
        => ForEachAsync(filter, (session, entry, now) =>
        {
            if (session.Execute("UPDATE recipient SET state = 0, bounce_requested = ?2 WHERE entry = ?1 AND state IN (0, 1) AND bounce_requested IS NULL", entry.Number, reason) == 0) return false;
            DueNow(session, entry, now);
            return true;
        }, cancellationToken);

    public ValueTask<IReadOnlyList<QueueId>> DiscardAsync(QueueFilter filter, string reason, CancellationToken cancellationToken)
        => ForEachAsync(filter, (session, entry, now) =>
        {
            if (entry.IsLeased(now)) return false;
            QueueRows.MoveAll(session, entry.Number, RecipientState.Queued, RecipientState.Discarded, reason);
            QueueRows.MoveAll(session, entry.Number, RecipientState.Held, RecipientState.Discarded, reason);
            QueueRows.Remove(session, entry.Number);
            return true;
        }, cancellationToken);

    private async ValueTask<IReadOnlyList<QueueId>> ForEachAsync(QueueFilter filter, Func<SqliteSession, Found, DateTimeOffset, bool> change, CancellationToken cancellationToken)
    {
        var changed = new List<QueueId>();
        Guid? after = null;
        while (true)
        {
            var from = after;
            var (found, step) = await database.WriteAsync(session =>
            {
                var now = time.GetUtcNow();
                var matches = Find(session, filter, from);
                return (matches, matches.Where(entry => change(session, entry, now)).Select(entry => entry.Id).ToList());
            }, cancellationToken);
            changed.AddRange(step);
            if (found.Count < EntriesPerStep) return changed;
            after = found[^1].Id.Value;
        }
    }

    /// <summary>Under a live lease it is due when that ends, which is when it is given up.</summary>
    private static void DueNow(SqliteSession session, Found entry, DateTimeOffset now)
        => session.Execute("UPDATE entry SET next_attempt_at = ?2, due = ?3 WHERE number = ?1", entry.Number, now, entry.IsLeased(now) ? entry.LeaseExpiresAt : now);

    private static List<Found> Find(SqliteSession session, QueueFilter filter, Guid? after)
    {
        var found = new List<Found>();
        using var rows = Select(session, filter, after, EntriesPerStep);
        while (rows.Next()) found.Add(new Found(rows.Int64(0), new QueueId(rows.Guid(1)), rows.TimeOrNull(QueueRows.ColumnCount), rows.Boolean(QueueRows.ColumnCount + 1)));
        return found;
    }

    /// <param name="HasDue">It has queued recipients.</param>
    private sealed record Found(long Number, QueueId Id, DateTimeOffset? LeaseExpiresAt, bool HasDue)
    {
        public bool IsLeased(DateTimeOffset now) => LeaseExpiresAt > now;
    }
}
