using Merpati.Accounts;
using Merpati.Addresses;

namespace Merpati.UserDirectory.Addresses;

/// <summary>The address book as it would be after a change, to see where addresses would lead then.</summary>
internal sealed class IntendedAddressBook(IAddressBook book, AddressAlias? alias = null, LocalDomain? domain = null) : IAddressBook
{
    public async ValueTask<LocalDomain?> FindDomainAsync(string name, CancellationToken cancellationToken)
        => domain?.Name == name ? domain : await book.FindDomainAsync(name, cancellationToken);

    public ValueTask<Account?> FindAccountAsync(EmailAddress address, CancellationToken cancellationToken) => book.FindAccountAsync(address, cancellationToken);

    public async ValueTask<AddressAlias?> FindAliasAsync(EmailAddress address, CancellationToken cancellationToken)
        => address.Equals(alias?.Address) ? alias : await book.FindAliasAsync(address, cancellationToken);

    public async ValueTask<IReadOnlyList<AddressAlias>> ListWildcardsAsync(string name, CancellationToken cancellationToken)
    {
        var stored = await book.ListWildcardsAsync(name, cancellationToken);
        return alias is not null && alias.Address.Domain == name && Wildcard.IsWildcard(alias.Address)
            ? [.. stored.Where(other => !other.Address.Equals(alias.Address)), alias]
            : stored;
    }

    public ValueTask<Account?> FindFirstAccountAsync(string name, CancellationToken cancellationToken) => book.FindFirstAccountAsync(name, cancellationToken);
}
