using System.Security.Cryptography;
using Merpati.Addresses;
using Merpati.Signing;
using Merpati.Storage;

namespace Merpati.UserDirectory.Signing;

/// <summary>What signs in the name of our domains, for the services that do it.</summary>
internal sealed class SigningSecrets(IDirectoryStore store, DirectoryCache cache) : IDkimKeys, ISenderRewritingSecret
{
    public ValueTask<IReadOnlyList<DkimSigningKey>> SigningKeysAsync(string domain, CancellationToken cancellationToken)
        => cache.SigningKeys.GetAsync(DomainName.Normalize(domain), ReadAsync, cancellationToken);

    public async ValueTask<ReadOnlyMemory<byte>> SenderRewritingSecretAsync(CancellationToken cancellationToken)
        => HMACSHA256.HashData((await store.InstallationSecretAsync(cancellationToken)).Span, "sender rewriting scheme"u8);

    private async ValueTask<IReadOnlyList<DkimSigningKey>> ReadAsync(string domain, CancellationToken cancellationToken)
        => [.. (await store.ListDkimKeysAsync(domain, cancellationToken)).Where(key => key.State == DkimKeyState.Active).Select(key => key.Key)];
}
