using Merpati.Addresses;
using Merpati.Relaying;

namespace Merpati.Storage.Sqlite;

/// <inheritdoc cref="ISuppressionList"/>
public sealed class SqliteSuppressionList(SqliteDatabase database, TimeProvider time) : ISuppressionList
{
    private const string Columns = "pattern, source, reason, since, until";

    public async ValueTask PutAsync(Suppression suppression, CancellationToken cancellationToken)
        => await database.WriteAsync(session => session.Execute(
            $"INSERT OR REPLACE INTO suppressions ({Columns}) VALUES (?1, ?2, ?3, ?4, ?5)",
            suppression.Pattern, (int)suppression.Source, suppression.Reason, suppression.Since, suppression.Until), cancellationToken);

    public ValueTask<bool> RemoveAsync(string pattern, CancellationToken cancellationToken)
        => database.WriteAsync(session => session.Execute("DELETE FROM suppressions WHERE pattern = ?1", pattern) == 1, cancellationToken);

    public ValueTask<IReadOnlyDictionary<EmailAddress, Suppression>> FindAsync(IReadOnlyList<EmailAddress> recipients, EmailAddress? sender, CancellationToken cancellationToken)
        => database.ReadAsync<IReadOnlyDictionary<EmailAddress, Suppression>>(session =>
        {
            var now = time.GetUtcNow();
            var found = new Dictionary<EmailAddress, Suppression>();
            foreach (var recipient in recipients)
            {
                if (Suppression.Patterns(recipient, sender).Select(pattern => Find(session, pattern, now)).FirstOrDefault(one => one is not null) is { } suppression) found[recipient] = suppression;
            }
            return found;
        }, cancellationToken);

    public ValueTask<IReadOnlyList<Suppression>> ListAsync(string? contains, string? after, int limit, CancellationToken cancellationToken)
        => database.ReadAsync<IReadOnlyList<Suppression>>(session =>
        {
            var found = new List<Suppression>();
            using var rows = session.Query(
                $"SELECT {Columns} FROM suppressions WHERE pattern > ?1 AND (?2 IS NULL OR instr(pattern, ?2) > 0) ORDER BY pattern LIMIT ?3", after ?? "", contains?.ToLowerInvariant(), limit);
            while (rows.Next()) found.Add(Read(rows));
            return found;
        }, cancellationToken);

    private static Suppression? Find(SqliteSession session, string pattern, DateTimeOffset now)
    {
        using var rows = session.Query($"SELECT {Columns} FROM suppressions WHERE pattern = ?1", pattern);
        return rows.Next() && Read(rows) is var suppression && suppression.IsInForce(now) ? suppression : null;
    }

    private static Suppression Read(Rows rows) => new(rows.Text(0), (SuppressionSource)rows.Int32(1), rows.Text(2), rows.Time(3), rows.TimeOrNull(4));
}
