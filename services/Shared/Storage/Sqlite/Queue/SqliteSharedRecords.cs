namespace Merpati.Storage.Sqlite;

/// <inheritdoc cref="ISharedRecords"/>
/// <remarks>Beside the queue, in <c>queue.db</c>: who works on it needs both.</remarks>
public sealed class SqliteSharedRecords(SqliteDatabase database, TimeProvider time) : ISharedRecords
{
    private const string Columns = "kind, key, value, expires_at, version";

    public ValueTask<SharedRecord?> FindAsync(string kind, string key, CancellationToken cancellationToken)
        => database.ReadAsync(session =>
        {
            using var rows = session.Query($"SELECT {Columns} FROM shared_record WHERE kind = ?1 AND key = ?2 AND expires_at > ?3", kind, key, time.GetUtcNow());
            return rows.Next() ? Read(rows) : null;
        }, cancellationToken);

    public ValueTask<IReadOnlyList<SharedRecord>> ListAsync(string kind, string? after, int limit, CancellationToken cancellationToken)
        => database.ReadAsync<IReadOnlyList<SharedRecord>>(session =>
        {
            var found = new List<SharedRecord>();
            using var rows = session.Query($"SELECT {Columns} FROM shared_record WHERE kind = ?1 AND key > ?2 AND expires_at > ?3 ORDER BY key LIMIT ?4", kind, after ?? "", time.GetUtcNow(), limit);
            while (rows.Next()) found.Add(Read(rows));
            return found;
        }, cancellationToken);

    public ValueTask<bool> TryPutAsync(SharedRecord record, CancellationToken cancellationToken)
        => database.WriteAsync(session => record.Version == 0
            ? session.Execute(
                """
                INSERT INTO shared_record (kind, key, value, expires_at, version) VALUES (?1, ?2, ?3, ?4, 1)
                ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at, version = version + 1 WHERE expires_at <= ?5
                """,
                record.Kind, record.Key, record.Value, record.ExpiresAt, time.GetUtcNow()) == 1
            : session.Execute(
                "UPDATE shared_record SET value = ?3, expires_at = ?4, version = version + 1 WHERE kind = ?1 AND key = ?2 AND version = ?5",
                record.Kind, record.Key, record.Value, record.ExpiresAt, record.Version) == 1, cancellationToken);

    public async ValueTask PutAsync(IReadOnlyList<SharedRecord> records, CancellationToken cancellationToken)
    {
        if (records.Count == 0) return;
        await database.WriteAsync(session =>
        {
            foreach (var record in records)
            {
                session.Execute(
                    """
                    INSERT INTO shared_record (kind, key, value, expires_at, version) VALUES (?1, ?2, ?3, ?4, 1)
                    ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at, version = version + 1
                    """,
                    record.Kind, record.Key, record.Value, record.ExpiresAt);
            }
            return records.Count;
        }, cancellationToken);
    }

    public async ValueTask RemoveAsync(string kind, IReadOnlyList<string> keys, CancellationToken cancellationToken)
    {
        if (keys.Count == 0) return;
        await database.WriteAsync(session => keys.Sum(key => session.Execute("DELETE FROM shared_record WHERE kind = ?1 AND key = ?2", kind, key)), cancellationToken);
    }

    public ValueTask<long> RemoveExpiredAsync(CancellationToken cancellationToken)
        => database.WriteAsync(session => (long)session.Execute("DELETE FROM shared_record WHERE expires_at <= ?1", time.GetUtcNow()), cancellationToken);

    private static SharedRecord Read(Rows rows) => new(rows.Text(0), rows.Text(1), rows.Bytes(2), rows.Time(3)) { Version = rows.Int64(4) };
}
