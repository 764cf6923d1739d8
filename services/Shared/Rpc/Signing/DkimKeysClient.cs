using System.Diagnostics.Metrics;
using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Rpc.Accounts;
using Merpati.Rpc.Calls;
using Merpati.Signing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Wire = Merpati.Signing.V1;

namespace Merpati.Rpc.Signing;

/// <summary><see cref="IDkimKeys"/> at UserDirectory. A key of an algorithm that this version does not know is left out: the message is signed with the others.</summary>
internal sealed class DkimKeysClient(Wire.DkimKeysService.DkimKeysServiceClient keys, Caller caller) : IDkimKeys
{
    public async ValueTask<IReadOnlyList<DkimSigningKey>> SigningKeysAsync(string domain, CancellationToken cancellationToken)
    {
        var response = await caller.AskAsync(CallKind.Question, keys.SigningKeysAsync, new Wire.SigningKeysRequest { Domain = domain }, cancellationToken);
        return [.. response.Keys.Where(key => key.Algorithm is Wire.DkimAlgorithm.RsaSha256 or Wire.DkimAlgorithm.Ed25519Sha256)
            .Select(key => new DkimSigningKey(key.Domain, key.Selector, (DkimAlgorithm)(key.Algorithm - 1), key.PrivateKey.ToByteArray()))];
    }
}

/// <summary>The keys, remembered as <see cref="CachedDirectory"/> remembers: until the directory changes or the answer is too old.</summary>
internal sealed class CachedDkimKeys : IDkimKeys, IDisposable
{
    private readonly IDkimKeys _keys;
    private readonly IDisposable _changes;
    private readonly DirectoryAnswers<string, IReadOnlyList<DkimSigningKey>> _answers;

    public CachedDkimKeys(IDkimKeys keys, IDirectoryChangeFeed changes, IOptions<DirectoryCacheOptions> options, TimeProvider time, IMeterFactory meters, ILogger<CachedDkimKeys> logger)
    {
        _keys = keys;
        var clock = new DirectoryAnswersClock(time, meters, logger);
        // An old key still signs well: its record is published for longer than any answer is kept.
        _answers = new(clock, options.Value, static known => known.Count > 0);
        _changes = changes.Subscribe(clock.Invalidate);
    }

    public ValueTask<IReadOnlyList<DkimSigningKey>> SigningKeysAsync(string domain, CancellationToken cancellationToken)
        => _answers.GetAsync(DomainName.Normalize(domain), _keys.SigningKeysAsync, cancellationToken);

    public void Dispose() => _changes.Dispose();
}
