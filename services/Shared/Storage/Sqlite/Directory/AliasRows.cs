using Merpati.Accounts;
using Merpati.Addresses;

namespace Merpati.Storage.Sqlite;

internal static class AliasRows
{
    public static DirectoryOutcome Put(SqliteSession session, AddressAlias alias)
    {
        var key = AddressKey.Of(alias.Address);
        if (!DomainRows.Exists(session, key.Domain)) return DirectoryOutcome.NoSuchDomain;
        if (AccountRows.IsTaken(session, key)) return DirectoryOutcome.AlreadyExists;
        if (LeadsTo(session, alias.Targets, key)) return DirectoryOutcome.Loop;

        DeleteRows(session, key);
        session.Execute("INSERT INTO aliases (domain, local_key, local_part) VALUES (?1, ?2, ?3)", key.Domain, key.Local, alias.Address.LocalPart);
        for (var i = 0; i < alias.Targets.Count; i++)
        {
            session.Execute(
                "INSERT INTO alias_targets (domain, local_key, position, target_domain, target_local) VALUES (?1, ?2, ?3, ?4, ?5)",
                key.Domain, key.Local, i, alias.Targets[i].Domain, alias.Targets[i].LocalPart);
        }
        return DirectoryOutcome.Done;
    }

    public static DirectoryOutcome Remove(SqliteSession session, AddressKey address) => DeleteRows(session, address) > 0 ? DirectoryOutcome.Done : DirectoryOutcome.NotFound;

    public static AddressAlias? Find(SqliteSession session, AddressKey address)
    {
        string localPart;
        using (var rows = session.Query("SELECT local_part FROM aliases WHERE domain = ?1 AND local_key = ?2", address.Domain, address.Local))
        {
            if (!rows.Next()) return null;
            localPart = rows.Text(0);
        }
        return new AddressAlias(new EmailAddress(localPart, address.Domain), Targets(session, address));
    }

    public static List<AddressAlias> List(SqliteSession session, string? domain)
    {
        var aliases = new List<AddressAlias>();
        using var rows = session.Query("SELECT domain, local_key, local_part FROM aliases WHERE ?1 IS NULL OR domain = ?1 ORDER BY domain, local_key", domain);
        while (rows.Next()) aliases.Add(new AddressAlias(new EmailAddress(rows.Text(2), rows.Text(0)), Targets(session, new AddressKey(rows.Text(0), rows.Text(1)))));
        return aliases;
    }

    public static bool Exists(SqliteSession session, AddressKey address)
        => session.Exists("SELECT 1 FROM aliases WHERE domain = ?1 AND local_key = ?2", address.Domain, address.Local);

    public static bool AnyIn(SqliteSession session, string domain) => session.Exists("SELECT 1 FROM aliases WHERE domain = ?1", domain);

    /// <summary>Whether following aliases from the targets comes to the address. Wildcards and catch-alls are not followed here: delivery guards against those.</summary>
    private static bool LeadsTo(SqliteSession session, IReadOnlyList<EmailAddress> targets, AddressKey address)
    {
        var seen = new HashSet<AddressKey>(targets.Select(AddressKey.Of));
        var open = new Stack<AddressKey>(seen);
        while (open.TryPop(out var next))
        {
            if (next == address) return true;
            foreach (var target in Targets(session, next).Select(AddressKey.Of))
            {
                if (seen.Add(target)) open.Push(target);
            }
        }
        return false;
    }

    private static List<EmailAddress> Targets(SqliteSession session, AddressKey address)
    {
        var targets = new List<EmailAddress>();
        using var rows = session.Query("SELECT target_local, target_domain FROM alias_targets WHERE domain = ?1 AND local_key = ?2 ORDER BY position", address.Domain, address.Local);
        while (rows.Next()) targets.Add(new EmailAddress(rows.Text(0), rows.Text(1)));
        return targets;
    }

    private static int DeleteRows(SqliteSession session, AddressKey address)
    {
        session.Execute("DELETE FROM alias_targets WHERE domain = ?1 AND local_key = ?2", address.Domain, address.Local);
        return session.Execute("DELETE FROM aliases WHERE domain = ?1 AND local_key = ?2", address.Domain, address.Local);
    }
}
