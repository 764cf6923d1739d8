using AwesomeAssertions;
using Merpati.Accounts;
using Merpati.Mail.Auth;
using Merpati.Signing;
using Merpati.Tests.Unit.Mail.Auth;
using Merpati.UserDirectory.Signing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Merpati.Tests.Unit.UserDirectory;

/// <summary>The keys of a domain: announced, active when DNS has their records, retired when another takes over.</summary>
public sealed class DkimTests : IDisposable
{
    private readonly DirectoryUnderTest _directory = new();

    private static CancellationToken None => CancellationToken.None;

    private DkimAdministration Dkim => _directory.Get<DkimAdministration>();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_new_key_signs_when_its_record_is_in_DNS()
    {
        await _directory.WithDomainAsync("example.test");
        var (keys, outcome) = await Dkim.AddAsync("Example.test", [DkimAlgorithm.RsaSha256, DkimAlgorithm.Ed25519Sha256], null, signNow: false, None);
        outcome.Should().Be(DirectoryOutcome.Done);
        keys.Select(key => key.Key.Selector).Should().Equal("m20260504r", "m20260504e");
        await LookAsync();
        (await SigningAsync()).Should().BeEmpty();

        Publish(keys[1]);
        await LookAsync();
        (await SigningAsync()).Should().Equal("m20260504e");
        Publish(keys[0], keys[1]);
        await LookAsync();
        (await SigningAsync()).Should().Equal("m20260504e", "m20260504r");
    }

    [Fact]
    public async Task A_record_of_another_key_is_not_ours()
    {
        await _directory.WithDomainAsync("example.test");
        var (keys, _) = await Dkim.AddAsync("example.test", [DkimAlgorithm.Ed25519Sha256], "s1", signNow: false, None);
        var other = keys[0] with { Key = DkimKeyMaker.Create("example.test", "s1", DkimAlgorithm.Ed25519Sha256) };
        Publish(other);
        await LookAsync();
        (await SigningAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task Rotation_leaves_no_moment_without_a_key()
    {
        await _directory.WithDomainAsync("example.test");
        await Dkim.AddAsync("example.test", [DkimAlgorithm.Ed25519Sha256], "old", signNow: true, None);
        var (keys, _) = await Dkim.RotateAsync("example.test", signNow: false, None);
        var fresh = keys.Should().ContainSingle().Subject;
        (await SigningAsync()).Should().Equal("old");

        Publish(fresh);
        await LookAsync();
        (await SigningAsync()).Should().Equal(fresh.Key.Selector);
        (await Dkim.ListAsync("example.test", None)).Should().Contain(key => key.Key.Selector == "old" && key.State == DkimKeyState.Retired);
    }

    [Fact]
    public async Task A_key_that_signs_is_not_removed()
    {
        await _directory.WithDomainAsync("example.test");
        await Dkim.AddAsync("example.test", [DkimAlgorithm.Ed25519Sha256], "s1", signNow: true, None);
        (await Dkim.RemoveAsync("example.test", "s1", None)).Should().Be(DirectoryOutcome.InUse);
        (await Dkim.RetireAsync("example.test", "s1", None)).Should().Be(DirectoryOutcome.Done);
        (await SigningAsync()).Should().BeEmpty();
        (await Dkim.RemoveAsync("example.test", "s1", None)).Should().Be(DirectoryOutcome.Done);
        (await Dkim.RemoveAsync("example.test", "s1", None)).Should().Be(DirectoryOutcome.NotFound);
    }

    [Fact]
    public async Task A_domain_that_is_not_ours_gets_no_key()
        => (await Dkim.AddAsync("other.test", [DkimAlgorithm.Ed25519Sha256], "s1", signNow: true, None)).Outcome.Should().Be(DirectoryOutcome.NoSuchDomain);

    private async Task<IEnumerable<string>> SigningAsync() => (await _directory.Get<IDkimKeys>().SigningKeysAsync("EXAMPLE.test", None)).Select(key => key.Selector);

    private Task LookAsync() => ActivatorUtilities.CreateInstance<DkimActivation>(_directory.Get<IServiceProvider>()).LookAsync(None);

    private void Publish(params DkimKey[] keys)
        => _directory.Dns.Load(string.Join('\n', keys.Select(key => $"{DkimKeyMaker.RecordName(key.Key)} TXT {Zone.Strings(DkimKeyMaker.RecordText(key.Key))}")));
}
