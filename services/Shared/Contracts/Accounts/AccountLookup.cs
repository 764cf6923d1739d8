using Merpati.Addresses;

namespace Merpati.Accounts;

public static class AccountLookup
{
    /// <summary>The account whose own address this is; null for all that merely leads to one: aliases, subaddresses, and the catch-all, which answers for addresses that are nobody's.</summary>
    public static async ValueTask<Account?> FindAccountAsync(this IDirectory directory, EmailAddress address, CancellationToken cancellationToken)
        => await directory.ResolveAsync(address, cancellationToken).ConfigureAwait(false) is Resolution.LocalAccount { Detail: null, Account: var account } && account.Address.Equals(address) ? account : null;
}
