using Merpati.Addresses;
using Merpati.Signing;
using Merpati.Storage;

namespace Merpati.UserDirectory.Signing;

/// <summary>The keys that sign in the name of our domains, for the service that does it.</summary>
internal sealed class ActiveDkimKeys(IDirectoryStore store, DirectoryCache cache) : IDkimKeys
{
    public ValueTask<IReadOnlyList<DkimSigningKey>> SigningKeysAsync(string domain, CancellationToken cancellationToken)
        => cache.SigningKeys.GetAsync(DomainName.Normalize(domain), ReadAsync, cancellationToken);

    private async ValueTask<IReadOnlyList<DkimSigningKey>> ReadAsync(string domain, CancellationToken cancellationToken)
        => [.. (await store.ListDkimKeysAsync(domain, cancellationToken)).Where(key => key.State == DkimKeyState.Active).Select(key => key.Key)];
}
