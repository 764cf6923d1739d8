using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Storage;

namespace Merpati.UserDirectory.Addresses;

/// <summary>The address book as it is stored; domains and their wildcards, which every address of a domain needs, are kept in memory.</summary>
internal sealed class StoredAddressBook(IDirectoryStore store, DirectoryCache cache) : IAddressBook
{
    private const int FirstAccountPage = 50;

    public ValueTask<LocalDomain?> FindDomainAsync(string name, CancellationToken cancellationToken)
        => cache.Domains.GetAsync(name, store.FindDomainAsync, cancellationToken);

    public ValueTask<Account?> FindAccountAsync(EmailAddress address, CancellationToken cancellationToken) => store.FindAccountAsync(address, cancellationToken);

    public ValueTask<AddressAlias?> FindAliasAsync(EmailAddress address, CancellationToken cancellationToken) => store.FindAliasAsync(address, cancellationToken);

    public ValueTask<IReadOnlyList<AddressAlias>> ListWildcardsAsync(string domain, CancellationToken cancellationToken)
        => cache.Wildcards.GetAsync(domain, ReadWildcardsAsync, cancellationToken);

    public async ValueTask<Account?> FindFirstAccountAsync(string domain, CancellationToken cancellationToken)
        => await FindFirstEnabledAsync(domain, cancellationToken) ?? await FindFirstEnabledAsync(null, cancellationToken);

    private async ValueTask<IReadOnlyList<AddressAlias>> ReadWildcardsAsync(string domain, CancellationToken cancellationToken)
        => [.. (await store.ListAliasesAsync(domain, cancellationToken)).Where(alias => Wildcard.IsWildcard(alias.Address))];

    private async ValueTask<Account?> FindFirstEnabledAsync(string? domain, CancellationToken cancellationToken)
    {
        EmailAddress? after = null;
        while (true)
        {
            var page = await store.ListAccountsAsync(domain, after, FirstAccountPage, cancellationToken);
            if (page.FirstOrDefault(account => account.Enabled) is { } first) return first;
            if (page.Count < FirstAccountPage) return null;
            after = page[^1].Address;
        }
    }
}
