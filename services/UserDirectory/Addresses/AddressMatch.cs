using System.Diagnostics;
using Merpati.Accounts;
using Merpati.Addresses;

namespace Merpati.UserDirectory.Addresses;

/// <summary>Which rule an address came under: a <see cref="Resolution"/> and the reason for it.</summary>
internal abstract record AddressMatch
{
    private AddressMatch() { }

    /// <summary>The account's address, or a subaddress of it.</summary>
    public sealed record OfAccount(Account Account, string? Detail) : AddressMatch;

    /// <summary>An alias: of this address, of its base, or a wildcard.</summary>
    public sealed record OfAlias(AddressAlias Alias) : AddressMatch;

    public sealed record CatchAll(EmailAddress Target) : AddressMatch;

    /// <summary>An address that every domain must have, and that here only the fallback serves (RFC 5321 §4.5.1).</summary>
    public sealed record RoleAccount(Account Account) : AddressMatch;

    /// <inheritdoc cref="RoleAccount"/>
    public sealed record RoleAddress(EmailAddress Target) : AddressMatch;

    public sealed record DisabledAccount : AddressMatch;

    public sealed record NoUser : AddressMatch;

    public sealed record NotOurs : AddressMatch;

    public Resolution ToResolution() => this switch
    {
        OfAccount match => new Resolution.LocalAccount(match.Account, match.Detail),
        OfAlias match => new Resolution.Alias(match.Alias.Targets),
        CatchAll match => new Resolution.Alias([match.Target]),
        RoleAccount match => new Resolution.LocalAccount(match.Account, null),
        RoleAddress match => new Resolution.Alias([match.Target]),
        DisabledAccount => new Resolution.Disabled(),
        NoUser => new Resolution.UnknownUser(),
        NotOurs => new Resolution.Remote(),
        _ => throw new UnreachableException(),
    };
}
