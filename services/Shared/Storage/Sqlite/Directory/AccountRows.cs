using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Mailboxes;

namespace Merpati.Storage.Sqlite;

internal static class AccountRows
{
    private const string Select = "SELECT account, local_part, domain, display_name, enabled, quota_octets, quota_messages, shared FROM accounts ";

    public static DirectoryOutcome Add(SqliteSession session, Account account, Credential? credential)
    {
        var key = AddressKey.Of(account.Address);
        if (!DomainRows.Exists(session, key.Domain)) return DirectoryOutcome.NoSuchDomain;
        if (IsTaken(session, key) || AliasRows.Exists(session, key) || Find(session, account.Id) is not null) return DirectoryOutcome.AlreadyExists;
        session.Execute(
            "INSERT INTO accounts (account, local_part, domain, local_key, display_name, enabled, quota_octets, quota_messages, shared) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            account.Id.Value, account.Address.LocalPart, key.Domain, key.Local, account.DisplayName, account.Enabled, account.QuotaOctets, account.QuotaMessages, account.Shared);
        return credential is null ? DirectoryOutcome.Done : SetCredential(session, account.Id, credential);
    }

    public static DirectoryOutcome Change(SqliteSession session, Account account)
    {
        if (Find(session, account.Id) is not { } before) return DirectoryOutcome.NotFound;
        var key = AddressKey.Of(account.Address);
        if (!account.Address.Equals(before.Address))
        {
            if (!DomainRows.Exists(session, key.Domain)) return DirectoryOutcome.NoSuchDomain;
            if (IsTaken(session, key) || AliasRows.Exists(session, key)) return DirectoryOutcome.AlreadyExists;
        }
        session.Execute(
            "UPDATE accounts SET local_part = ?2, domain = ?3, local_key = ?4, display_name = ?5, enabled = ?6, quota_octets = ?7, quota_messages = ?8, shared = ?9 WHERE account = ?1",
            account.Id.Value, account.Address.LocalPart, key.Domain, key.Local, account.DisplayName, account.Enabled, account.QuotaOctets, account.QuotaMessages, account.Shared);
        return DirectoryOutcome.Done;
    }

    public static DirectoryOutcome Remove(SqliteSession session, AccountId account)
        => session.Execute("DELETE FROM accounts WHERE account = ?1", account.Value) > 0 ? DirectoryOutcome.Done : DirectoryOutcome.NotFound;

    public static Account? Find(SqliteSession session, AccountId account)
    {
        using var rows = session.Query(Select + "WHERE account = ?1", account.Value);
        return rows.Next() ? Read(rows) : null;
    }

    public static Account? Find(SqliteSession session, AddressKey address)
    {
        using var rows = session.Query(Select + "WHERE domain = ?1 AND local_key = ?2", address.Domain, address.Local);
        return rows.Next() ? Read(rows) : null;
    }

    public static List<Account> List(SqliteSession session, string? domain, AddressKey after, int limit)
    {
        var accounts = new List<Account>();
        using var rows = domain is null
            ? session.Query(Select + "WHERE (domain, local_key) > (?1, ?2) ORDER BY domain, local_key LIMIT ?3", after.Domain, after.Local, limit)
            : session.Query(Select + "WHERE domain = ?4 AND (domain, local_key) > (?1, ?2) ORDER BY local_key LIMIT ?3", after.Domain, after.Local, limit, domain);
        while (rows.Next()) accounts.Add(Read(rows));
        return accounts;
    }

    public static DirectoryOutcome SetCredential(SqliteSession session, AccountId account, Credential credential) => session.Execute(
        "UPDATE accounts SET argon2id = ?2, scram_salt = ?3, scram_iterations = ?4, scram_stored_key = ?5, scram_server_key = ?6 WHERE account = ?1",
        account.Value, credential.Argon2id, credential.Scram.Salt, credential.Scram.Iterations, credential.Scram.StoredKey, credential.Scram.ServerKey) > 0 ? DirectoryOutcome.Done : DirectoryOutcome.NotFound;

    public static Credential? FindCredential(SqliteSession session, AccountId account)
    {
        using var rows = session.Query("SELECT argon2id, scram_salt, scram_iterations, scram_stored_key, scram_server_key FROM accounts WHERE account = ?1 AND argon2id IS NOT NULL", account.Value);
        return rows.Next() ? new Credential(rows.Text(0), new ScramCredential(rows.Bytes(1), rows.Int32(2), rows.Bytes(3), rows.Bytes(4))) : null;
    }

    public static bool IsTaken(SqliteSession session, AddressKey address)
        => session.Exists("SELECT 1 FROM accounts WHERE domain = ?1 AND local_key = ?2", address.Domain, address.Local);

    public static bool AnyIn(SqliteSession session, string domain) => session.Exists("SELECT 1 FROM accounts WHERE domain = ?1", domain);

    private static Account Read(Rows row) => new()
    {
        Id = new AccountId(row.Guid(0)),
        Address = new EmailAddress(row.Text(1), row.Text(2)),
        DisplayName = row.TextOrNull(3),
        Enabled = row.Boolean(4),
        QuotaOctets = row.Int64OrNull(5),
        QuotaMessages = row.Int64OrNull(6),
        Shared = row.Boolean(7),
    };
}
