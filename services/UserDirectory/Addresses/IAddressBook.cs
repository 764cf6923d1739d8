using Merpati.Accounts;
using Merpati.Addresses;

namespace Merpati.UserDirectory.Addresses;

/// <summary>What <see cref="AddressMatcher"/> looks things up in.</summary>
internal interface IAddressBook
{
    ValueTask<LocalDomain?> FindDomainAsync(string name, CancellationToken cancellationToken);

    ValueTask<Account?> FindAccountAsync(EmailAddress address, CancellationToken cancellationToken);

    ValueTask<AddressAlias?> FindAliasAsync(EmailAddress address, CancellationToken cancellationToken);

    /// <summary>The aliases of the domain that hold '*'.</summary>
    ValueTask<IReadOnlyList<AddressAlias>> ListWildcardsAsync(string domain, CancellationToken cancellationToken);

    /// <summary>The first enabled account of the domain, or of all domains when it has none.</summary>
    ValueTask<Account?> FindFirstAccountAsync(string domain, CancellationToken cancellationToken);
}
