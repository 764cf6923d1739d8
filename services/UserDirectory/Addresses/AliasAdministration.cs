using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Storage;

namespace Merpati.UserDirectory.Addresses;

/// <summary>Aliases, lists and wildcards. A target need not exist yet, but it must be ours: there is no relay so far.</summary>
public sealed class AliasAdministration
{
    private readonly IDirectoryStore _store;
    private readonly DirectoryChanges _changes;
    private readonly StoredAddressBook _book;
    private readonly AliasLoops _loops;

    internal AliasAdministration(IDirectoryStore store, DirectoryChanges changes, StoredAddressBook book, AliasLoops loops)
    {
        _store = store;
        _changes = changes;
        _book = book;
        _loops = loops;
    }

    public ValueTask<DirectoryOutcome> AddAsync(AddressAlias alias, CancellationToken cancellationToken)
        => _changes.ApplyAsync(
            "Add alias",
            alias.Address.ToString(),
            async () => await _store.FindAliasAsync(alias.Address, cancellationToken) is null ? await PutAsync(alias, cancellationToken) : DirectoryOutcome.AlreadyExists,
            cancellationToken);

    /// <summary>Replaces the targets.</summary>
    public ValueTask<DirectoryOutcome> ChangeAsync(AddressAlias alias, CancellationToken cancellationToken)
        => _changes.ApplyAsync(
            "Change alias",
            alias.Address.ToString(),
            async () => await _store.FindAliasAsync(alias.Address, cancellationToken) is null ? DirectoryOutcome.NotFound : await PutAsync(alias, cancellationToken),
            cancellationToken);

    public ValueTask<DirectoryOutcome> RemoveAsync(EmailAddress address, CancellationToken cancellationToken)
        => _changes.ApplyAsync("Remove alias", address.ToString(), () => _store.RemoveAliasAsync(address, cancellationToken), cancellationToken);

    /// <summary>Of one domain or of all.</summary>
    public ValueTask<IReadOnlyList<AddressAlias>> ListAsync(string? domain, CancellationToken cancellationToken)
        => _store.ListAliasesAsync(domain is null ? null : DomainName.Normalize(domain), cancellationToken);

    private async ValueTask<DirectoryOutcome> PutAsync(AddressAlias alias, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfZero(alias.Targets.Count, nameof(alias));
        if (await _book.FindDomainAsync(alias.Address.Domain, cancellationToken) is null) return DirectoryOutcome.NoSuchDomain;
        if (await _store.FindAccountAsync(alias.Address, cancellationToken) is not null) return DirectoryOutcome.AlreadyExists;
        var intended = new IntendedAddressBook(_book, alias);
        return await _loops.LeadBackAsync(intended, alias.Targets, match => match is AddressMatch.OfAlias back && back.Alias.Address.Equals(alias.Address), cancellationToken)
            ? DirectoryOutcome.Loop
            : await _store.PutAliasAsync(alias, cancellationToken);
    }
}
