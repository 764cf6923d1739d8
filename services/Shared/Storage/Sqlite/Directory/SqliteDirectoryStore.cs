using System.Security.Cryptography;
using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Mailboxes;
using Merpati.Signing;

namespace Merpati.Storage.Sqlite;

/// <summary>Domains, accounts, aliases, credentials and DKIM keys in <c>directory.db</c>. There is one writer, so what a change checks first is still so when it is made.</summary>
public sealed class SqliteDirectoryStore(SqliteDatabase database) : IDirectoryStore
{
    private const string InstallationSecret = "installation";

    public static SqliteSchema Schema => DirectorySchema.Schema;

    public ValueTask<DirectoryOutcome> AddDomainAsync(LocalDomain domain, CancellationToken cancellationToken)
        => database.WriteAsync(session => DomainRows.Add(session, domain), cancellationToken);

    public ValueTask<DirectoryOutcome> ChangeDomainAsync(LocalDomain domain, CancellationToken cancellationToken)
        => database.WriteAsync(session => DomainRows.Change(session, domain), cancellationToken);

    public ValueTask<DirectoryOutcome> RemoveDomainAsync(string name, CancellationToken cancellationToken)
        => database.WriteAsync(session => DomainRows.Remove(session, DomainName.Normalize(name)), cancellationToken);

    public ValueTask<LocalDomain?> FindDomainAsync(string name, CancellationToken cancellationToken)
        => database.ReadAsync(session => DomainRows.Find(session, DomainName.Normalize(name)), cancellationToken);

    public ValueTask<IReadOnlyList<LocalDomain>> ListDomainsAsync(CancellationToken cancellationToken)
        => database.ReadAsync<IReadOnlyList<LocalDomain>>(DomainRows.List, cancellationToken);

    public ValueTask<DirectoryOutcome> AddAccountAsync(Account account, Credential? credential, CancellationToken cancellationToken)
        => database.WriteAsync(session => AccountRows.Add(session, account, credential), cancellationToken);

    public ValueTask<DirectoryOutcome> ChangeAccountAsync(Account account, CancellationToken cancellationToken)
        => database.WriteAsync(session => AccountRows.Change(session, account), cancellationToken);

    public ValueTask<DirectoryOutcome> RemoveAccountAsync(AccountId account, CancellationToken cancellationToken)
        => database.WriteAsync(session => AccountRows.Remove(session, account), cancellationToken);

    public ValueTask<Account?> FindAccountAsync(AccountId account, CancellationToken cancellationToken)
        => database.ReadAsync(session => AccountRows.Find(session, account), cancellationToken);

    public ValueTask<Account?> FindAccountAsync(EmailAddress address, CancellationToken cancellationToken)
        => database.ReadAsync(session => AccountRows.Find(session, AddressKey.Of(address)), cancellationToken);

    public ValueTask<IReadOnlyList<Account>> ListAccountsAsync(string? domain, EmailAddress? after, int limit, CancellationToken cancellationToken)
    {
        var name = domain is null ? null : DomainName.Normalize(domain);
        var position = after is null ? new AddressKey("", "") : AddressKey.Of(after);
        return database.ReadAsync<IReadOnlyList<Account>>(session => AccountRows.List(session, name, position, limit), cancellationToken);
    }

    public ValueTask<DirectoryOutcome> SetCredentialAsync(AccountId account, Credential credential, CancellationToken cancellationToken)
        => database.WriteAsync(session => AccountRows.SetCredential(session, account, credential), cancellationToken);

    public ValueTask<Credential?> FindCredentialAsync(AccountId account, CancellationToken cancellationToken)
        => database.ReadAsync(session => AccountRows.FindCredential(session, account), cancellationToken);

    public ValueTask<DirectoryOutcome> PutAliasAsync(AddressAlias alias, CancellationToken cancellationToken)
        => database.WriteAsync(session => AliasRows.Put(session, alias), cancellationToken);

    public ValueTask<DirectoryOutcome> RemoveAliasAsync(EmailAddress address, CancellationToken cancellationToken)
        => database.WriteAsync(session => AliasRows.Remove(session, AddressKey.Of(address)), cancellationToken);

    public ValueTask<AddressAlias?> FindAliasAsync(EmailAddress address, CancellationToken cancellationToken)
        => database.ReadAsync(session => AliasRows.Find(session, AddressKey.Of(address)), cancellationToken);

    public ValueTask<IReadOnlyList<AddressAlias>> ListAliasesAsync(string? domain, CancellationToken cancellationToken)
    {
        var name = domain is null ? null : DomainName.Normalize(domain);
        return database.ReadAsync<IReadOnlyList<AddressAlias>>(session => AliasRows.List(session, name), cancellationToken);
    }

    public ValueTask<DirectoryOutcome> AddDkimKeyAsync(DkimKey key, CancellationToken cancellationToken)
        => database.WriteAsync(session => DkimKeyRows.Add(session, key), cancellationToken);

    public ValueTask<DirectoryOutcome> ChangeDkimKeyAsync(string domain, string selector, DkimKeyState state, DateTimeOffset at, CancellationToken cancellationToken)
        => database.WriteAsync(session => DkimKeyRows.Change(session, DomainName.Normalize(domain), selector.ToLowerInvariant(), state, at), cancellationToken);

    public ValueTask<DirectoryOutcome> RemoveDkimKeyAsync(string domain, string selector, CancellationToken cancellationToken)
        => database.WriteAsync(session => DkimKeyRows.Remove(session, DomainName.Normalize(domain), selector.ToLowerInvariant()), cancellationToken);

    public ValueTask<IReadOnlyList<DkimKey>> ListDkimKeysAsync(string? domain, CancellationToken cancellationToken)
    {
        var name = domain is null ? null : DomainName.Normalize(domain);
        return database.ReadAsync<IReadOnlyList<DkimKey>>(session => DkimKeyRows.List(session, name), cancellationToken);
    }

    public async ValueTask<ReadOnlyMemory<byte>> InstallationSecretAsync(CancellationToken cancellationToken)
    {
        if (await database.ReadAsync(FindSecret, cancellationToken) is { } known) return known;
        var fresh = RandomNumberGenerator.GetBytes(32);
        return await database.WriteAsync(session =>
        {
            // Somebody else may have been first.
            session.Execute("INSERT INTO secrets (name, secret) VALUES (?1, ?2) ON CONFLICT DO NOTHING", InstallationSecret, fresh);
            return FindSecret(session)!;
        }, cancellationToken);
    }

    private static byte[]? FindSecret(SqliteSession session)
    {
        using var rows = session.Query("SELECT secret FROM secrets WHERE name = ?1", InstallationSecret);
        return rows.Next() ? rows.Bytes(0) : null;
    }
}
