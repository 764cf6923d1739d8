using System.Net;
using System.Security.Cryptography;
using System.Text;
using AwesomeAssertions;
using Merpati.Accounts;
using Merpati.Protocols.Sasl;
using Xunit;

namespace Merpati.Tests.Unit.UserDirectory;

public sealed class ScramLoginTests
{
    private static readonly IPAddress Client = IPAddress.Parse("203.0.113.7");

    [Theory]
    [InlineData("ann@example.test", "right", true)]
    [InlineData("ann@example.test", "wrong", false)]
    [InlineData("off@example.test", "right", false)]
    [InlineData("nobody@example.test", "right", false)]
    public async Task The_whole_exchange_ends_as_a_password_would(string login, string password, bool granted)
    {
        using var directory = await ArrangeAsync();
        var step = await ExchangeAsync(directory, login, password);
        if (granted) step.Should().BeOfType<SaslStep.Granted>();
        else step.Should().BeOfType<SaslStep.Denied>();
    }

    [Fact]
    public async Task An_unknown_login_looks_like_a_known_one_each_time()
    {
        using var directory = await ArrangeAsync();
        var known = await directory.Directory.GetScramCredentialAsync("ann@example.test", Client, DirectoryUnderTest.None);
        var first = await directory.Directory.GetScramCredentialAsync("nobody@example.test", Client, DirectoryUnderTest.None);
        var again = await directory.Directory.GetScramCredentialAsync("NOBODY@example.test", Client, DirectoryUnderTest.None);
        var other = await directory.Directory.GetScramCredentialAsync("somebody@example.test", Client, DirectoryUnderTest.None);

        first!.Salt.ToArray().Should().Equal(again!.Salt.ToArray()).And.NotEqual(other!.Salt.ToArray());
        first.Salt.Length.Should().Be(known!.Salt.Length);
        first.Iterations.Should().Be(known.Iterations);
        first.StoredKey.Length.Should().Be(known.StoredKey.Length);
        first.ServerKey.ToArray().Should().NotEqual(first.StoredKey.ToArray());
    }

    [Fact]
    public async Task Proofs_that_fail_are_counted()
    {
        using var directory = await ArrangeAsync();
        for (var i = 0; i < 10; i++) (await ExchangeAsync(directory, "ann@example.test", "wrong")).Should().BeOfType<SaslStep.Denied>();
        (await ExchangeAsync(directory, "ann@example.test", "right")).Should().BeOfType<SaslStep.Throttled>();
    }

    private static async Task<DirectoryUnderTest> ArrangeAsync()
    {
        var directory = await new DirectoryUnderTest().WithDomainAsync("example.test");
        await directory.AddAccountAsync("ann@example.test", "right");
        await directory.AddAccountAsync("off@example.test", "right", enabled: false);
        return directory;
    }

    /// <summary>The client's side of RFC 5802 §3.</summary>
    private static async Task<SaslStep> ExchangeAsync(DirectoryUnderTest directory, string login, string password)
    {
        var server = SaslServer.Create("SCRAM-SHA-256", directory.Directory, LoginProtocol.Imap, Client)!;
        var firstBare = $"n={login},r=fyko+d2lbbFgONRv9qkxdawL";
        var step = await server.StepAsync(Encoding.UTF8.GetBytes("n,," + firstBare), DirectoryUnderTest.None);
        if (step is not SaslStep.Challenge challenge) return step;
        var serverFirst = Encoding.UTF8.GetString(challenge.Data.Span);
        var fields = serverFirst.Split(',').ToDictionary(field => field[0], field => field[2..]);
        var salted = Rfc2898DeriveBytes.Pbkdf2(password, Convert.FromBase64String(fields['s']), int.Parse(fields['i']), HashAlgorithmName.SHA256, 32);
        var clientKey = HMACSHA256.HashData(salted, "Client Key"u8);
        var withoutProof = $"c=biws,r={fields['r']}";
        var message = Encoding.UTF8.GetBytes($"{firstBare},{serverFirst},{withoutProof}");
        var signature = HMACSHA256.HashData(SHA256.HashData(clientKey), message);
        for (var i = 0; i < clientKey.Length; i++) clientKey[i] ^= signature[i];
        step = await server.StepAsync(Encoding.UTF8.GetBytes($"{withoutProof},p={Convert.ToBase64String(clientKey)}"), DirectoryUnderTest.None);
        if (step is not SaslStep.Challenge final) return step;
        Encoding.UTF8.GetString(final.Data.Span).Should().Be("v=" + Convert.ToBase64String(HMACSHA256.HashData(HMACSHA256.HashData(salted, "Server Key"u8), message)));
        return await server.StepAsync(ReadOnlyMemory<byte>.Empty, DirectoryUnderTest.None);
    }
}
