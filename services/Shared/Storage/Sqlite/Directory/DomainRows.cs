using Merpati.Accounts;
using Merpati.Addresses;

namespace Merpati.Storage.Sqlite;

internal static class DomainRows
{
    public static DirectoryOutcome Add(SqliteSession session, LocalDomain domain) => session.Execute(
        "INSERT INTO domains (name, catch_all_local, catch_all_domain) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        DomainName.Normalize(domain.Name), domain.CatchAll?.LocalPart, domain.CatchAll?.Domain) > 0 ? DirectoryOutcome.Done : DirectoryOutcome.AlreadyExists;

    public static DirectoryOutcome Change(SqliteSession session, LocalDomain domain) => session.Execute(
        "UPDATE domains SET catch_all_local = ?2, catch_all_domain = ?3 WHERE name = ?1",
        DomainName.Normalize(domain.Name), domain.CatchAll?.LocalPart, domain.CatchAll?.Domain) > 0 ? DirectoryOutcome.Done : DirectoryOutcome.NotFound;

    public static DirectoryOutcome Remove(SqliteSession session, string name)
    {
        if (!Exists(session, name)) return DirectoryOutcome.NotFound;
        if (AccountRows.AnyIn(session, name) || AliasRows.AnyIn(session, name)) return DirectoryOutcome.InUse;
        session.Execute("DELETE FROM dkim_keys WHERE domain = ?1", name);
        session.Execute("DELETE FROM domains WHERE name = ?1", name);
        return DirectoryOutcome.Done;
    }

    public static LocalDomain? Find(SqliteSession session, string name)
    {
        using var rows = session.Query("SELECT name, catch_all_local, catch_all_domain FROM domains WHERE name = ?1", name);
        return rows.Next() ? Read(rows) : null;
    }

    public static List<LocalDomain> List(SqliteSession session)
    {
        var domains = new List<LocalDomain>();
        using var rows = session.Query("SELECT name, catch_all_local, catch_all_domain FROM domains ORDER BY name");
        while (rows.Next()) domains.Add(Read(rows));
        return domains;
    }

    public static bool Exists(SqliteSession session, string name) => session.Exists("SELECT 1 FROM domains WHERE name = ?1", name);

    private static LocalDomain Read(Rows row) => new(row.Text(0), row.TextOrNull(1) is { } localPart ? new EmailAddress(localPart, row.Text(2)) : null);
}
