using System.Security.Cryptography;
using AwesomeAssertions;
using Merpati.Accounts;
using Merpati.Platform.Bus;
using Merpati.Rpc;
using Merpati.Signing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Merpati.Tests.Contracts.Rpc;

/// <summary>The keys that sign, asked for over gRPC: octet for octet, with both algorithms, and an outage is no answer.</summary>
public sealed class RpcDkimKeysTests
{
    [Fact]
    public async Task The_keys_of_a_domain_are_the_same_over_gRPC()
    {
        using var rsa = RSA.Create(2048);
        DkimSigningKey[] keys =
        [
            new("bücher.test", "2027a", DkimAlgorithm.RsaSha256, rsa.ExportPkcs8PrivateKey()),
            new("bücher.test", "2027b", DkimAlgorithm.Ed25519Sha256, RandomNumberGenerator.GetBytes(48)),
        ];
        await using var pair = await RpcPair.StartAsync<IDkimKeys>(new Keys(domain => domain == "bücher.test" ? keys : []), endpoints => endpoints.MapDkimKeys(), Client);
        var asked = await pair.Client.SigningKeysAsync("bücher.test", default);
        asked.Select(key => (key.Domain, key.Selector, key.Algorithm)).Should().Equal(keys.Select(key => (key.Domain, key.Selector, key.Algorithm)));
        asked.Select(key => Convert.ToHexString(key.PrivateKey.Span)).Should().Equal(keys.Select(key => Convert.ToHexString(key.PrivateKey.Span)));
        (await pair.Client.SigningKeysAsync("other.test", default)).Should().BeEmpty();
    }

    [Fact]
    public async Task A_key_shows_in_no_text()
    {
        var key = new DkimSigningKey("example.test", "s1", DkimAlgorithm.Ed25519Sha256, new byte[] { 1, 2, 3 });
        await using var pair = await RpcPair.StartAsync<IDkimKeys>(new Keys(_ => [key]), endpoints => endpoints.MapDkimKeys(), Client);
        (await pair.Client.SigningKeysAsync("example.test", default)).Single().ToString().Should().Be("s1._domainkey.example.test (Ed25519Sha256)");
    }

    /// <summary>As a relay is composed: the keys are remembered until the directory changes.</summary>
    private static void Client(IServiceCollection services)
        => services.AddMetrics().AddSingleton(TimeProvider.System).AddSingleton<IDirectoryChangeFeed, LocalDirectoryChangeFeed>().AddDkimKeysClient();

    private sealed class Keys(Func<string, IReadOnlyList<DkimSigningKey>> find) : IDkimKeys
    {
        public ValueTask<IReadOnlyList<DkimSigningKey>> SigningKeysAsync(string domain, CancellationToken cancellationToken) => ValueTask.FromResult(find(domain));
    }
}
