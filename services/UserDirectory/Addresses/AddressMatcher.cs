using Merpati.Accounts;
using Merpati.Addresses;
using Microsoft.Extensions.Options;

namespace Merpati.UserDirectory.Addresses;

/// <summary>
/// The order in which an address finds its rule:
/// <list type="number">
/// <item>the account of exactly this address,</item>
/// <item>the alias of exactly this address,</item>
/// <item>the account or alias of its base, when it is a subaddress,</item>
/// <item>the wildcard alias with the longest literal match,</item>
/// <item>the domain's catch-all,</item>
/// <item>for postmaster, and abuse where so configured: the configured address, else the first account (RFC 5321 §4.5.1, RFC 2142).</item>
/// </list>
/// An account that is switched off ends the search: its mail must not turn up with somebody else. Only postmaster goes on, it must always reach a person.
/// </summary>
internal sealed class AddressMatcher(IOptions<UserDirectoryOptions> options)
{
    private readonly EmailAddress? _postmaster = options.Value.Postmaster is { } configured ? EmailAddress.Parse(configured) : null;

    private readonly string _hostName = DomainName.Normalize(options.Value.HostName);

    public async ValueTask<AddressMatch> MatchAsync(IAddressBook book, EmailAddress address, CancellationToken cancellationToken)
    {
        if (await book.FindDomainAsync(address.Domain, cancellationToken) is not { } domain)
        {
            return address.Domain == _hostName && IsRole(address) && await MatchRoleAsync(book, address, cancellationToken) is { } role ? role : new AddressMatch.NotOurs();
        }
        var match = await MatchLiterallyAsync(book, address, null, cancellationToken)
            ?? (Subaddress.Split(address, options.Value.SubaddressDelimiters) is { } sub ? await MatchLiterallyAsync(book, sub.Base, sub.Detail, cancellationToken) : null)
            ?? await MatchLooselyAsync(book, domain, address, cancellationToken);
        return match is AddressMatch.NoUser or AddressMatch.DisabledAccount && IsRole(address)
            ? await MatchRoleAsync(book, address, cancellationToken) ?? match
            : match;
    }

    private static async ValueTask<AddressMatch?> MatchLiterallyAsync(IAddressBook book, EmailAddress address, string? detail, CancellationToken cancellationToken)
    {
        if (await book.FindAccountAsync(address, cancellationToken) is { } account)
        {
            return account.Enabled ? new AddressMatch.OfAccount(account, detail) : new AddressMatch.DisabledAccount();
        }
        return await book.FindAliasAsync(address, cancellationToken) is { } alias ? new AddressMatch.OfAlias(alias) : null;
    }

    private static async ValueTask<AddressMatch> MatchLooselyAsync(IAddressBook book, LocalDomain domain, EmailAddress address, CancellationToken cancellationToken)
    {
        var wildcards = await book.ListWildcardsAsync(domain.Name, cancellationToken);
        if (Wildcard.FindBest(wildcards, address.LocalPart) is { } wildcard) return new AddressMatch.OfAlias(wildcard);
        // A catch-all that does not exist itself would catch its own mail for ever.
        return domain.CatchAll is { } target && !target.Equals(address) ? new AddressMatch.CatchAll(target) : new AddressMatch.NoUser();
    }

    private async ValueTask<AddressMatch?> MatchRoleAsync(IAddressBook book, EmailAddress address, CancellationToken cancellationToken)
    {
        if (_postmaster is not null && !_postmaster.Equals(address)) return new AddressMatch.RoleAddress(_postmaster);
        return await book.FindFirstAccountAsync(address.Domain, cancellationToken) is { } account ? new AddressMatch.RoleAccount(account) : null;
    }

    private bool IsRole(EmailAddress address)
        => address.LocalPart.Equals("postmaster", StringComparison.OrdinalIgnoreCase)
            || options.Value.AbuseReachesPostmaster && address.LocalPart.Equals("abuse", StringComparison.OrdinalIgnoreCase);
}
