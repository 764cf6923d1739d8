using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Storage;
using Merpati.UserDirectory.Addresses;

namespace Merpati.UserDirectory.Domains;

/// <summary>The domains that are served, and where their unknown users' mail goes.</summary>
public sealed class DomainAdministration
{
    private readonly IDirectoryStore _store;
    private readonly DirectoryChanges _changes;
    private readonly StoredAddressBook _book;
    private readonly AliasLoops _loops;

    internal DomainAdministration(IDirectoryStore store, DirectoryChanges changes, StoredAddressBook book, AliasLoops loops)
    {
        _store = store;
        _changes = changes;
        _book = book;
        _loops = loops;
    }

    public ValueTask<DirectoryOutcome> AddAsync(string name, EmailAddress? catchAll, CancellationToken cancellationToken)
    {
        var domain = new LocalDomain(DomainName.Normalize(name), catchAll);
        return _changes.ApplyAsync("Add domain", domain.Name, async () => await RefusalAsync(domain, cancellationToken) ?? await _store.AddDomainAsync(domain, cancellationToken), cancellationToken);
    }

    /// <summary>Null takes the catch-all away.</summary>
    public ValueTask<DirectoryOutcome> ChangeCatchAllAsync(string name, EmailAddress? catchAll, CancellationToken cancellationToken)
    {
        var domain = new LocalDomain(DomainName.Normalize(name), catchAll);
        return _changes.ApplyAsync(
            "Change catch-all of domain",
            domain.Name,
            async () => await _store.FindDomainAsync(domain.Name, cancellationToken) is null
                ? DirectoryOutcome.NotFound
                : await RefusalAsync(domain, cancellationToken) ?? await _store.ChangeDomainAsync(domain, cancellationToken),
            cancellationToken);
    }

    public ValueTask<DirectoryOutcome> RemoveAsync(string name, CancellationToken cancellationToken)
    {
        var normalized = DomainName.Normalize(name);
        return _changes.ApplyAsync("Remove domain", normalized, () => _store.RemoveDomainAsync(normalized, cancellationToken), cancellationToken);
    }

    public ValueTask<LocalDomain?> FindAsync(string name, CancellationToken cancellationToken) => _store.FindDomainAsync(DomainName.Normalize(name), cancellationToken);

    public ValueTask<IReadOnlyList<LocalDomain>> ListAsync(CancellationToken cancellationToken) => _store.ListDomainsAsync(cancellationToken);

    private async ValueTask<DirectoryOutcome?> RefusalAsync(LocalDomain domain, CancellationToken cancellationToken)
    {
        if (domain.CatchAll is not { } target) return null;
        var intended = new IntendedAddressBook(_book, domain: domain);
        if (await intended.FindDomainAsync(target.Domain, cancellationToken) is null) return DirectoryOutcome.RemoteTarget;
        return await _loops.LeadBackAsync(intended, [target], match => match is AddressMatch.CatchAll back && back.Target.Equals(target), cancellationToken)
            ? DirectoryOutcome.Loop
            : null;
    }
}
