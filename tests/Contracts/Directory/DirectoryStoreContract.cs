using AwesomeAssertions;
using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Mailboxes;
using Merpati.Signing;
using Merpati.Storage;
using Xunit;

namespace Merpati.Tests.Contracts.Accounts;

/// <summary>A store under test that can be closed and opened again as after a restart.</summary>
public interface IDirectoryStoreHost : IAsyncDisposable
{
    IDirectoryStore Store { get; }

    ValueTask ReopenAsync();
}

/// <summary><see cref="IDirectoryStore"/>: who exists, and that no address is two things.</summary>
public abstract class DirectoryStoreContract : IAsyncLifetime
{
    private IDirectoryStoreHost? _host;

    private static CancellationToken None => CancellationToken.None;

    private IDirectoryStore Store => _host!.Store;

    protected abstract ValueTask<IDirectoryStoreHost> OpenHostAsync();

    public async Task InitializeAsync()
    {
        _host = await OpenHostAsync();
        (await Store.AddDomainAsync(new LocalDomain("example.test", null), None)).Should().Be(DirectoryOutcome.Done);
    }

    public async Task DisposeAsync() => await _host!.DisposeAsync();

    [Fact]
    public async Task DomainsAreOneWhateverTheirSpelling()
    {
        (await Store.AddDomainAsync(new LocalDomain("EXAMPLE.test.", null), None)).Should().Be(DirectoryOutcome.AlreadyExists);
        (await Store.AddDomainAsync(new LocalDomain("xn--bcher-kva.test", null), None)).Should().Be(DirectoryOutcome.Done);
        (await Store.AddDomainAsync(new LocalDomain("BÜCHER.test", null), None)).Should().Be(DirectoryOutcome.AlreadyExists);

        (await Store.FindDomainAsync("Example.TEST", None)).Should().Be(new LocalDomain("example.test", null));
        (await Store.ListDomainsAsync(None)).Select(domain => domain.Name).Should().Equal("bücher.test", "example.test");
        (await Store.FindDomainAsync("other.test", None)).Should().BeNull();
    }

    [Fact]
    public async Task ADomainHasACatchAll()
    {
        var catchAll = Address("Ann@example.test");
        (await Store.ChangeDomainAsync(new LocalDomain("example.test", catchAll), None)).Should().Be(DirectoryOutcome.Done);
        (await Store.ChangeDomainAsync(new LocalDomain("other.test", null), None)).Should().Be(DirectoryOutcome.NotFound);

        await _host!.ReopenAsync();
        (await Store.FindDomainAsync("example.test", None))!.CatchAll.Should().Be(catchAll);
        await Store.ChangeDomainAsync(new LocalDomain("example.test", null), None);
        (await Store.FindDomainAsync("example.test", None))!.CatchAll.Should().BeNull();
    }

    [Fact]
    public async Task ADomainInUseIsNotRemoved()
    {
        var ann = Account("ann@example.test");
        await Store.AddAccountAsync(ann, null, None);
        await Store.PutAliasAsync(new AddressAlias(Address("info@example.test"), [ann.Address]), None);

        (await Store.RemoveDomainAsync("other.test", None)).Should().Be(DirectoryOutcome.NotFound);
        (await Store.RemoveDomainAsync("example.test", None)).Should().Be(DirectoryOutcome.InUse);
        await Store.RemoveAccountAsync(ann.Id, None);
        (await Store.RemoveDomainAsync("example.test", None)).Should().Be(DirectoryOutcome.InUse);
        await Store.RemoveAliasAsync(Address("info@example.test"), None);
        (await Store.RemoveDomainAsync("Example.Test", None)).Should().Be(DirectoryOutcome.Done);
        (await Store.ListDomainsAsync(None)).Should().BeEmpty();
    }

    [Fact]
    public async Task ADkimKeyComesBackAsItWasPutIn()
    {
        var key = DkimKey("Example.test", "s1");
        (await Store.AddDkimKeyAsync(key, None)).Should().Be(DirectoryOutcome.Done);
        (await Store.AddDkimKeyAsync(key, None)).Should().Be(DirectoryOutcome.AlreadyExists);
        (await Store.AddDkimKeyAsync(DkimKey("other.test", "s1"), None)).Should().Be(DirectoryOutcome.NoSuchDomain);
        (await Store.AddDkimKeyAsync(DkimKey("example.test", "a1"), None)).Should().Be(DirectoryOutcome.Done);
        await Store.AddDomainAsync(new LocalDomain("zebra.test", null), None);
        await Store.AddDkimKeyAsync(DkimKey("zebra.test", "b1"), None);

        await _host!.ReopenAsync();
        (await Store.ListDkimKeysAsync(null, None)).Select(one => $"{one.Key}").Should().Equal("a1._domainkey.example.test (Ed25519Sha256)", "s1._domainkey.example.test (Ed25519Sha256)", "b1._domainkey.zebra.test (Ed25519Sha256)");
        var kept = (await Store.ListDkimKeysAsync("EXAMPLE.test", None))[1];
        kept.Should().Be(key with { Key = kept.Key });
        kept.Key.PrivateKey.ToArray().Should().Equal(1, 2, 3);
    }

    [Fact]
    public async Task ADkimKeyChangesItsStateAndGoesWithItsDomain()
    {
        var key = DkimKey("example.test", "s1");
        await Store.AddDkimKeyAsync(key, None);
        var later = key.CreatedAt.AddDays(1);
        (await Store.ChangeDkimKeyAsync("Example.test", "S1", DkimKeyState.Active, later, None)).Should().Be(DirectoryOutcome.Done);
        (await Store.ChangeDkimKeyAsync("example.test", "s2", DkimKeyState.Active, later, None)).Should().Be(DirectoryOutcome.NotFound);
        (await Store.ListDkimKeysAsync("example.test", None)).Should().ContainSingle().Which.Should().Match<DkimKey>(one => one.State == DkimKeyState.Active && one.ChangedAt == later && one.CreatedAt == key.CreatedAt);

        (await Store.RemoveDkimKeyAsync("example.test", "s2", None)).Should().Be(DirectoryOutcome.NotFound);
        (await Store.RemoveDkimKeyAsync("example.test", "s1", None)).Should().Be(DirectoryOutcome.Done);
        await Store.AddDkimKeyAsync(key, None);
        await Store.RemoveDomainAsync("example.test", None);
        (await Store.ListDkimKeysAsync(null, None)).Should().BeEmpty();
    }

    [Fact]
    public async Task AnAccountComesBackAsItWasPutIn()
    {
        var ann = Account("Ann.O'Neil@example.test") with { DisplayName = "Ann O'Neil", Enabled = false, QuotaOctets = 1L << 40, QuotaMessages = 0, Shared = true };
        var quoted = Account("\"a b\"@example.test");
        (await Store.AddAccountAsync(ann, Credential(1), None)).Should().Be(DirectoryOutcome.Done);
        (await Store.AddAccountAsync(quoted, null, None)).Should().Be(DirectoryOutcome.Done);

        await _host!.ReopenAsync();

        (await Store.FindAccountAsync(ann.Id, None)).Should().Be(ann);
        (await Store.FindAccountAsync(Address("aNN.o'nEIL@EXAMPLE.test"), None)).Should().Be(ann);
        (await Store.FindAccountAsync(ann.Id, None))!.Address.LocalPart.Should().Be("Ann.O'Neil", "the spelling is kept");
        (await Store.FindAccountAsync(quoted.Address, None)).Should().Be(quoted);
        (await Store.FindAccountAsync(new AccountId(Guid.NewGuid()), None)).Should().BeNull();
        (await Store.FindAccountAsync(Address("ann@example.test"), None)).Should().BeNull();
    }

    [Fact]
    public async Task AddressesCompareWithoutCaseInEveryScript()
    {
        var account = Account("Größe.Ñandú.ДЯДЯ@example.test");
        await Store.AddAccountAsync(account, null, None);

        (await Store.FindAccountAsync(Address("gRÖßE.ñANDÚ.дядя@example.test"), None)).Should().Be(account);
        (await Store.AddAccountAsync(Account("GRÖßE.ÑANDÚ.дЯдЯ@example.test"), null, None)).Should().Be(DirectoryOutcome.AlreadyExists);
    }

    [Fact]
    public async Task AnAddressIsOneThing()
    {
        var ann = Account("ann@example.test");
        await Store.AddAccountAsync(ann, null, None);
        await Store.PutAliasAsync(new AddressAlias(Address("info@example.test"), [ann.Address]), None);

        (await Store.AddAccountAsync(Account("ANN@example.test"), null, None)).Should().Be(DirectoryOutcome.AlreadyExists);
        (await Store.AddAccountAsync(Account("Info@example.test"), null, None)).Should().Be(DirectoryOutcome.AlreadyExists);
        (await Store.AddAccountAsync(Account("ann2@example.test") with { Id = ann.Id }, null, None)).Should().Be(DirectoryOutcome.AlreadyExists);
        (await Store.AddAccountAsync(Account("ann@other.test"), null, None)).Should().Be(DirectoryOutcome.NoSuchDomain);
        (await Store.PutAliasAsync(new AddressAlias(Address("Ann@example.test"), [Address("bob@example.test")]), None)).Should().Be(DirectoryOutcome.AlreadyExists);
        (await Store.PutAliasAsync(new AddressAlias(Address("a@other.test"), [ann.Address]), None)).Should().Be(DirectoryOutcome.NoSuchDomain);
    }

    [Fact]
    public async Task OneOfManyWhoAddTheSameAddressSucceeds()
    {
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 30).Select(n => Task.Run(async () => n % 2 == 0
            ? await Store.AddAccountAsync(Account("ann@example.test"), null, None)
            : await Store.AddAccountAsync(Account("ANN@example.test"), Credential(2), None))));

        outcomes.Count(outcome => outcome == DirectoryOutcome.Done).Should().Be(1);
        (await Store.ListAccountsAsync(null, null, 100, None)).Should().ContainSingle();
    }

    [Fact]
    public async Task ChangeLeavesIdAndCredential()
    {
        var ann = Account("ann@example.test");
        var bob = Account("bob@example.test");
        await Store.AddAccountAsync(ann, Credential(1), None);
        await Store.AddAccountAsync(bob, null, None);
        await Store.PutAliasAsync(new AddressAlias(Address("info@example.test"), [ann.Address]), None);
        var changed = ann with { Address = Address("Anna@example.test"), DisplayName = "Anna", Enabled = false, QuotaOctets = 5 };

        (await Store.ChangeAccountAsync(ann with { Address = bob.Address }, None)).Should().Be(DirectoryOutcome.AlreadyExists);
        (await Store.ChangeAccountAsync(ann with { Address = Address("INFO@example.test") }, None)).Should().Be(DirectoryOutcome.AlreadyExists);
        (await Store.ChangeAccountAsync(ann with { Address = Address("ann@other.test") }, None)).Should().Be(DirectoryOutcome.NoSuchDomain);
        (await Store.ChangeAccountAsync(Account("carol@example.test"), None)).Should().Be(DirectoryOutcome.NotFound);
        (await Store.FindAccountAsync(ann.Id, None)).Should().Be(ann);
        (await Store.ChangeAccountAsync(changed, None)).Should().Be(DirectoryOutcome.Done);

        (await Store.FindAccountAsync(ann.Id, None)).Should().Be(changed);
        (await Store.FindAccountAsync(ann.Address, None)).Should().BeNull();
        (await Store.FindCredentialAsync(ann.Id, None)).Should().NotBeNull();
        (await Store.ChangeAccountAsync(changed with { Address = Address("ANNA@example.test") }, None)).Should().Be(DirectoryOutcome.Done, "its own address in another spelling");
        (await Store.FindAccountAsync(ann.Id, None))!.Address.LocalPart.Should().Be("ANNA");
    }

    [Fact]
    public async Task CredentialsAreSetAndGoWithTheAccount()
    {
        var ann = Account("ann@example.test");
        await Store.AddAccountAsync(ann, null, None);
        (await Store.FindCredentialAsync(ann.Id, None)).Should().BeNull();

        (await Store.SetCredentialAsync(ann.Id, Credential(7), None)).Should().Be(DirectoryOutcome.Done);
        (await Store.SetCredentialAsync(new AccountId(Guid.NewGuid()), Credential(7), None)).Should().Be(DirectoryOutcome.NotFound);

        var found = (await Store.FindCredentialAsync(ann.Id, None))!;
        found.Argon2id.Should().Be(Credential(7).Argon2id);
        found.Scram.Iterations.Should().Be(4096);
        found.Scram.Salt.ToArray().Should().Equal(Credential(7).Scram.Salt.ToArray());
        found.Scram.StoredKey.ToArray().Should().Equal(Credential(7).Scram.StoredKey.ToArray());
        found.Scram.ServerKey.ToArray().Should().Equal(Credential(7).Scram.ServerKey.ToArray());

        (await Store.RemoveAccountAsync(ann.Id, None)).Should().Be(DirectoryOutcome.Done);
        (await Store.RemoveAccountAsync(ann.Id, None)).Should().Be(DirectoryOutcome.NotFound);
        (await Store.FindCredentialAsync(ann.Id, None)).Should().BeNull();
    }

    [Fact]
    public async Task AccountsAreListedInPagesInOrderOfAddress()
    {
        await Store.AddDomainAsync(new LocalDomain("another.test", null), None);
        string[] addresses = ["zoe@another.test", "ann@example.test", "Bob@example.test", "carol@example.test"];
        foreach (var address in addresses.Reverse()) await Store.AddAccountAsync(Account(address), null, None);

        var listed = new List<Account>();
        while (await Store.ListAccountsAsync(null, listed.LastOrDefault()?.Address, 2, None) is { Count: > 0 } page) listed.AddRange(page);

        listed.Select(account => account.Address.ToString()).Should().Equal(addresses);
        (await Store.ListAccountsAsync("EXAMPLE.test", Address("ANN@example.test"), 10, None)).Select(account => account.Address.ToString()).Should().Equal("Bob@example.test", "carol@example.test");
        (await Store.ListAccountsAsync("example.test", Address("zoe@another.test"), 10, None)).Should().HaveCount(3);
        (await Store.ListAccountsAsync("none.test", null, 10, None)).Should().BeEmpty();
    }

    [Fact]
    public async Task AnAliasIsPutReplacedAndRemoved()
    {
        var list = Address("Team@example.test");
        var targets = new[] { Address("zoe@example.test"), Address("ann@remote.test"), Address("\"b b\"@example.test") };

        (await Store.PutAliasAsync(new AddressAlias(list, targets), None)).Should().Be(DirectoryOutcome.Done);
        var found = (await Store.FindAliasAsync(Address("TEAM@example.test"), None))!;
        found.Address.LocalPart.Should().Be("Team");
        found.Targets.Should().Equal(targets);

        (await Store.PutAliasAsync(new AddressAlias(Address("team@example.test"), [targets[1]]), None)).Should().Be(DirectoryOutcome.Done);
        await _host!.ReopenAsync();
        (await Store.FindAliasAsync(list, None))!.Targets.Should().Equal(targets[1]);
        (await Store.RemoveAliasAsync(list, None)).Should().Be(DirectoryOutcome.Done);
        (await Store.RemoveAliasAsync(list, None)).Should().Be(DirectoryOutcome.NotFound);
        (await Store.FindAliasAsync(list, None)).Should().BeNull();
    }

    [Fact]
    public async Task AliasesAreListedWithTheirWildcards()
    {
        await Store.AddDomainAsync(new LocalDomain("another.test", null), None);
        foreach (var address in new[] { "sales@example.test", "*@example.test", "dev-*@example.test", "x@another.test" })
            await Store.PutAliasAsync(new AddressAlias(Address(address), [Address("ann@example.test")]), None);

        (await Store.ListAliasesAsync("Example.test", None)).Select(alias => alias.Address.ToString()).Should().Equal("*@example.test", "dev-*@example.test", "sales@example.test");
        var all = await Store.ListAliasesAsync(null, None);
        all.Should().HaveCount(4).And.OnlyContain(alias => alias.Targets.Count == 1);
        (await Store.FindAliasAsync(Address("dev-ops@example.test"), None)).Should().BeNull("a wildcard is not this very address");
    }

    [Fact]
    public async Task AnAliasMayNotLeadBackToItself()
    {
        await PutAsync("a@example.test", "b@example.test");
        await PutAsync("b@example.test", "c@example.test", "d@example.test");

        (await PutAsync("a@example.test", "A@example.test")).Should().Be(DirectoryOutcome.Loop);
        (await PutAsync("d@example.test", "x@example.test", "A@example.test")).Should().Be(DirectoryOutcome.Loop);
        (await Store.FindAliasAsync(Address("d@example.test"), None)).Should().BeNull();
        (await PutAsync("c@example.test", "d@example.test")).Should().Be(DirectoryOutcome.Done, "two ways to one end are no loop");
        (await PutAsync("b@example.test", "e@example.test")).Should().Be(DirectoryOutcome.Done);
        (await PutAsync("d@example.test", "a@example.test")).Should().Be(DirectoryOutcome.Done);

        Task<DirectoryOutcome> PutAsync(string address, params string[] targets)
            => Store.PutAliasAsync(new AddressAlias(Address(address), [.. targets.Select(Address)]), None).AsTask();
    }

    [Fact]
    public async Task TheInstallationSecretStaysTheSame()
    {
        var secrets = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Task.Run(async () => Convert.ToHexString((await Store.InstallationSecretAsync(None)).Span))));
        await _host!.ReopenAsync();

        secrets.Append(Convert.ToHexString((await Store.InstallationSecretAsync(None)).Span)).Distinct().Should().ContainSingle().Which.Should().HaveLength(64);
    }

    private static EmailAddress Address(string text) => EmailAddress.Parse(text);

    private static Account Account(string address) => new() { Id = new AccountId(Guid.NewGuid()), Address = Address(address) };

    private static Credential Credential(byte seed)
        => new("$argon2id$v=19$m=19456,t=2,p=1$" + seed, new ScramCredential(new[] { seed, (byte)0 }, 4096, Enumerable.Repeat(seed, 32).ToArray(), Enumerable.Repeat((byte)(seed + 1), 32).ToArray()));

    private static DkimKey DkimKey(string domain, string selector)
        => new(new DkimSigningKey(DomainName.Normalize(domain), selector, DkimAlgorithm.Ed25519Sha256, new byte[] { 1, 2, 3 }), DkimKeyState.Announced, new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero), new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
}
