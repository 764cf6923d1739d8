using Merpati.Addresses;
using Merpati.Queueing;

namespace Merpati.Storage.Sqlite;

/// <inheritdoc cref="IMailQueue"/>
public sealed partial class SqliteMailQueue(SqliteDatabase database, TimeProvider time) : IMailQueue
{
    public static SqliteSchema Schema => QueueSchema.Schema;

    public async ValueTask EnqueueAsync(IReadOnlyList<QueueEntry> entries, CancellationToken cancellationToken)
    {
        foreach (var entry in entries) RequireOpenRecipient(entry);
        await database.WriteAsync(session => entries.Count(entry => QueueRows.Insert(session, entry)), cancellationToken);
    }

    public async ValueTask<IReadOnlyList<QueueLease>> LeaseAsync(QueueRoute route, string worker, LeaseWish wish, TimeSpan duration, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        // Choosing may look at many entries, and sweeps find nothing most of the time: neither must cost the writer anything.
        var due = await database.ReadAsync(session => Choose(session, route, wish, now), cancellationToken);
        if (due.Count == 0) return [];

        return await database.WriteAsync(session =>
        {
            var leases = new List<QueueLease>(due.Count);
            var token = session.Number("UPDATE fence SET last_token = last_token + ?1 RETURNING last_token", due.Count)!.Value - due.Count;
            foreach (var number in due)
            {
                if (Lease(session, number, worker, now, ++token, now + duration) is { } lease) leases.Add(lease);
            }
            return leases;
        }, cancellationToken);
    }

    public ValueTask<QueueLease?> ExtendAsync(QueueLease lease, TimeSpan duration, CancellationToken cancellationToken)
        => database.WriteAsync(session =>
        {
            var expiresAt = time.GetUtcNow() + duration;
            var extended = session.Execute(
                "UPDATE entry SET lease_expires_at = ?3, due = CASE WHEN due IS NULL THEN NULL ELSE ?3 END WHERE id = ?1 AND lease_token = ?2", lease.Entry.Id.Value, lease.Token, expiresAt);
            return extended == 1 ? lease with { ExpiresAt = expiresAt } : null;
        }, cancellationToken);

    public ValueTask<bool> IntendAsync(QueueLease lease, IReadOnlyList<EmailAddress> recipients, string host, CancellationToken cancellationToken)
        => database.WriteAsync(session =>
        {
            if (session.Number("SELECT number FROM entry WHERE id = ?1 AND lease_token = ?2", lease.Entry.Id.Value, lease.Token) is not { } number) return false;
            var now = time.GetUtcNow();
            for (var i = 0; i < lease.Entry.Recipients.Count; i++)
            {
                if (recipients.Contains(lease.Entry.Recipients[i].Recipient.Address)) QueueRows.SetIntent(session, number, i, host, now);
            }
            return true;
        }, cancellationToken);

    public ValueTask<bool> CompleteAsync(QueueLease lease, IReadOnlyList<RecipientResult> results, DateTimeOffset nextAttemptAt, IReadOnlyList<QueueEntry> successors, CancellationToken cancellationToken)
    {
        foreach (var successor in successors) RequireOpenRecipient(successor);
        return database.WriteAsync(session =>
        {
            if (session.Number("SELECT number FROM entry WHERE id = ?1 AND lease_token = ?2", lease.Entry.Id.Value, lease.Token) is not { } number) return false;
            foreach (var result in results) Record(session, number, lease.Entry, result);
            foreach (var successor in successors) QueueRows.Insert(session, successor);
            GiveUp(session, number, lease.Entry, nextAttemptAt);
            return true;
        }, cancellationToken);
    }

    private static void RequireOpenRecipient(QueueEntry entry)
    {
        if (!entry.Recipients.Any(recipient => recipient.State.IsOpen())) throw new ArgumentException($"Entry {entry.Id} has no open recipient; nothing would ever remove it.", nameof(entry));
    }

    /// <summary>Null when another worker was faster.</summary>
    private static QueueLease? Lease(SqliteSession session, long number, string worker, DateTimeOffset now, long token, DateTimeOffset expiresAt)
    {
        using var rows = session.Query(
            $"UPDATE entry SET attempts = attempts + 1, lease_token = ?2, lease_expires_at = ?3, due = ?3 WHERE number = ?1 AND due <= ?4 RETURNING {QueueRows.Columns}", number, token, expiresAt, now);
        if (!rows.Next()) return null;
        var lease = new QueueLease(QueueRows.Read(session, rows), worker, token, expiresAt);
        // The statement changes the row in its first step and must be stepped to its end to be done.
        rows.Next();
        return lease;
    }

    private static void Record(SqliteSession session, long number, QueueEntry entry, RecipientResult result)
    {
        for (var i = 0; i < entry.Recipients.Count; i++)
        {
            if (entry.Recipients[i].Recipient.Address.Equals(result.Recipient)) QueueRows.SetState(session, number, i, result);
        }
    }

    private void GiveUp(SqliteSession session, long number, QueueEntry leased, DateTimeOffset nextAttemptAt)
    {
        if (!session.Exists("SELECT 1 FROM recipient WHERE entry = ?1 AND state IN (0, 1)", number))
        {
            QueueRows.Remove(session, number);
            return;
        }
        // A recipient that was released or is to be bounced since the worker took the entry is due now, whatever the worker thinks of the others.
        if (HasBecomeDue(session, number, leased)) nextAttemptAt = time.GetUtcNow();
        session.Execute(
            """
            UPDATE entry SET lease_token = NULL, lease_expires_at = NULL, next_attempt_at = ?2,
                due = CASE WHEN EXISTS (SELECT 1 FROM recipient WHERE entry = ?1 AND state = 0) THEN ?2 END
            WHERE number = ?1
            """, number, nextAttemptAt);
    }

    private static bool HasBecomeDue(SqliteSession session, long number, QueueEntry leased)
    {
        for (var i = 0; i < leased.Recipients.Count; i++)
        {
            var (held, marked) = (leased.Recipients[i].State == RecipientState.Held, leased.Recipients[i].BounceRequested is not null);
            if (session.Exists("SELECT 1 FROM recipient WHERE entry = ?1 AND number = ?2 AND state = 0 AND (?3 OR (NOT ?4 AND bounce_requested IS NOT NULL))", number, i, held, marked)) return true;
        }
        return false;
    }
}
