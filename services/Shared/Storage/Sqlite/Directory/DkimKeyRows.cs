using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Signing;

namespace Merpati.Storage.Sqlite;

internal static class DkimKeyRows
{
    public static DirectoryOutcome Add(SqliteSession session, DkimKey key)
    {
        var domain = DomainName.Normalize(key.Key.Domain);
        if (!DomainRows.Exists(session, domain)) return DirectoryOutcome.NoSuchDomain;
        return session.Execute(
            "INSERT INTO dkim_keys (domain, selector, algorithm, state, created_at, changed_at, private_key) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
            domain, key.Key.Selector.ToLowerInvariant(), (int)key.Key.Algorithm, (int)key.State, key.CreatedAt, key.ChangedAt, key.Key.PrivateKey) > 0 ? DirectoryOutcome.Done : DirectoryOutcome.AlreadyExists;
    }

    public static DirectoryOutcome Change(SqliteSession session, string domain, string selector, DkimKeyState state, DateTimeOffset at)
        => session.Execute("UPDATE dkim_keys SET state = ?3, changed_at = ?4 WHERE domain = ?1 AND selector = ?2", domain, selector, (int)state, at) > 0 ? DirectoryOutcome.Done : DirectoryOutcome.NotFound;

    public static DirectoryOutcome Remove(SqliteSession session, string domain, string selector)
        => session.Execute("DELETE FROM dkim_keys WHERE domain = ?1 AND selector = ?2", domain, selector) > 0 ? DirectoryOutcome.Done : DirectoryOutcome.NotFound;

    public static List<DkimKey> List(SqliteSession session, string? domain)
    {
        var keys = new List<DkimKey>();
        using var rows = session.Query("SELECT domain, selector, algorithm, private_key, state, created_at, changed_at FROM dkim_keys WHERE ?1 IS NULL OR domain = ?1 ORDER BY domain, selector", domain);
        while (rows.Next()) keys.Add(new DkimKey(new DkimSigningKey(rows.Text(0), rows.Text(1), (DkimAlgorithm)rows.Int32(2), rows.Bytes(3)), (DkimKeyState)rows.Int32(4), rows.Time(5), rows.Time(6)));
        return keys;
    }
}
