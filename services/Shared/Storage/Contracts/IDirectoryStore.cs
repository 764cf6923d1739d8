using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Mailboxes;
using Merpati.Signing;

namespace Merpati.Storage;

/// <summary>Domains, accounts, aliases, credentials and DKIM keys. Names compare without case.</summary>
public interface IDirectoryStore
{
    ValueTask<DirectoryOutcome> AddDomainAsync(LocalDomain domain, CancellationToken cancellationToken);

    ValueTask<DirectoryOutcome> ChangeDomainAsync(LocalDomain domain, CancellationToken cancellationToken);

    /// <summary><see cref="DirectoryOutcome.InUse"/> while it has accounts or aliases. Its DKIM keys go with it.</summary>
    ValueTask<DirectoryOutcome> RemoveDomainAsync(string name, CancellationToken cancellationToken);

    ValueTask<LocalDomain?> FindDomainAsync(string name, CancellationToken cancellationToken);

    ValueTask<IReadOnlyList<LocalDomain>> ListDomainsAsync(CancellationToken cancellationToken);

    /// <summary>An address is an account's or an alias's, never both: <see cref="DirectoryOutcome.AlreadyExists"/>.</summary>
    ValueTask<DirectoryOutcome> AddAccountAsync(Account account, Credential? credential, CancellationToken cancellationToken);

    /// <summary>Changes all but the id and the credential.</summary>
    ValueTask<DirectoryOutcome> ChangeAccountAsync(Account account, CancellationToken cancellationToken);

    ValueTask<DirectoryOutcome> RemoveAccountAsync(AccountId account, CancellationToken cancellationToken);

    ValueTask<Account?> FindAccountAsync(AccountId account, CancellationToken cancellationToken);

    ValueTask<Account?> FindAccountAsync(EmailAddress address, CancellationToken cancellationToken);

    /// <summary>In order of address, after <paramref name="after"/>; of one domain or of all.</summary>
    ValueTask<IReadOnlyList<Account>> ListAccountsAsync(string? domain, EmailAddress? after, int limit, CancellationToken cancellationToken);

    ValueTask<DirectoryOutcome> SetCredentialAsync(AccountId account, Credential credential, CancellationToken cancellationToken);

    ValueTask<Credential?> FindCredentialAsync(AccountId account, CancellationToken cancellationToken);

    /// <summary>Adds the alias or replaces its targets.</summary>
    ValueTask<DirectoryOutcome> PutAliasAsync(AddressAlias alias, CancellationToken cancellationToken);

    ValueTask<DirectoryOutcome> RemoveAliasAsync(EmailAddress address, CancellationToken cancellationToken);

    /// <summary>The alias of exactly this address.</summary>
    ValueTask<AddressAlias?> FindAliasAsync(EmailAddress address, CancellationToken cancellationToken);

    /// <summary>Aliases of the domain, or all, in order of address; wildcards among them.</summary>
    ValueTask<IReadOnlyList<AddressAlias>> ListAliasesAsync(string? domain, CancellationToken cancellationToken);

    /// <summary><see cref="DirectoryOutcome.NoSuchDomain"/>, or <see cref="DirectoryOutcome.AlreadyExists"/> where the domain has a key of this selector.</summary>
    ValueTask<DirectoryOutcome> AddDkimKeyAsync(DkimKey key, CancellationToken cancellationToken);

    ValueTask<DirectoryOutcome> ChangeDkimKeyAsync(string domain, string selector, DkimKeyState state, DateTimeOffset at, CancellationToken cancellationToken);

    ValueTask<DirectoryOutcome> RemoveDkimKeyAsync(string domain, string selector, CancellationToken cancellationToken);

    /// <summary>Keys of the domain, or of all, in order of domain and selector; the private halves with them.</summary>
    ValueTask<IReadOnlyList<DkimKey>> ListDkimKeysAsync(string? domain, CancellationToken cancellationToken);

    /// <summary>A secret of the installation, 32 bytes, made on first use and then the same for ever; for made-up SCRAM salts.</summary>
    ValueTask<ReadOnlyMemory<byte>> InstallationSecretAsync(CancellationToken cancellationToken);
}
