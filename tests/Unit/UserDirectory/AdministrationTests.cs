using AwesomeAssertions;
using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Mailboxes;
using Xunit;

namespace Merpati.Tests.Unit.UserDirectory;

public sealed class AdministrationTests
{
    [Fact]
    public async Task A_circle_of_aliases_is_refused_at_any_length()
    {
        using var directory = await new DirectoryUnderTest().WithDomainAsync("example.test");
        (await directory.AddAliasAsync("a@example.test", "a@example.test")).Should().Be(DirectoryOutcome.Loop);
        (await directory.AddAliasAsync("a@example.test", "b@example.test")).Should().Be(DirectoryOutcome.Done);
        (await directory.AddAliasAsync("b@example.test", "c@example.test", "d@example.test")).Should().Be(DirectoryOutcome.Done);
        (await directory.AddAliasAsync("d@example.test", "x@example.test", "a+tag@example.test")).Should().Be(DirectoryOutcome.Loop);
        (await directory.AddAliasAsync("d@example.test", "x@example.test")).Should().Be(DirectoryOutcome.Done);
        (await directory.Aliases.ChangeAsync(new AddressAlias(EmailAddress.Parse("d@example.test"), [EmailAddress.Parse("B@example.test")]), DirectoryUnderTest.None)).Should().Be(DirectoryOutcome.Loop);
    }

    [Fact]
    public async Task A_wildcard_that_catches_its_own_target_is_a_circle()
    {
        using var directory = await new DirectoryUnderTest().WithDomainAsync("example.test");
        (await directory.AddAliasAsync("*@example.test", "ann@example.test")).Should().Be(DirectoryOutcome.Loop);
        await directory.AddAccountAsync("ann@example.test");
        (await directory.AddAliasAsync("*@example.test", "ann@example.test")).Should().Be(DirectoryOutcome.Done);
    }

    [Fact]
    public async Task A_catch_all_that_comes_back_over_another_domain_is_a_circle()
    {
        using var directory = await new DirectoryUnderTest().WithDomainAsync("one.test");
        await directory.WithDomainAsync("two.test", "somebody@one.test");
        (await directory.Domains.ChangeCatchAllAsync("one.test", EmailAddress.Parse("somebody@two.test"), DirectoryUnderTest.None)).Should().Be(DirectoryOutcome.Loop);
        await directory.AddAccountAsync("somebody@two.test");
        (await directory.Domains.ChangeCatchAllAsync("one.test", EmailAddress.Parse("somebody@two.test"), DirectoryUnderTest.None)).Should().Be(DirectoryOutcome.Done);
    }

    [Fact]
    public async Task An_alias_may_lead_elsewhere_and_a_catch_all_may_not()
    {
        using var directory = await new DirectoryUnderTest().WithDomainAsync("example.test");
        (await directory.AddAliasAsync("a@example.test", "ann@elsewhere.test")).Should().Be(DirectoryOutcome.Done);
        (await directory.AddAliasAsync("a@elsewhere.test", "ann@example.test")).Should().Be(DirectoryOutcome.NoSuchDomain);
        (await directory.Domains.AddAsync("other.test", EmailAddress.Parse("ann@elsewhere.test"), DirectoryUnderTest.None)).Should().Be(DirectoryOutcome.RemoteTarget);
        (await directory.Domains.AddAsync("own.test", EmailAddress.Parse("ann@own.test"), DirectoryUnderTest.None)).Should().Be(DirectoryOutcome.Done);
        (await directory.Domains.ChangeCatchAllAsync("missing.test", null, DirectoryUnderTest.None)).Should().Be(DirectoryOutcome.NotFound);
        var account = new Account { Id = AccountId.New(directory.Time), Address = EmailAddress.Parse("ann@elsewhere.test") };
        (await directory.Accounts.AddAsync(account, null, DirectoryUnderTest.None)).Should().Be(DirectoryOutcome.NoSuchDomain);
    }

    [Fact]
    public async Task An_address_is_an_account_or_an_alias()
    {
        using var directory = await new DirectoryUnderTest().WithDomainAsync("example.test");
        await directory.AddAccountAsync("ann@example.test");
        (await directory.AddAliasAsync("ANN@example.test", "bob@example.test")).Should().Be(DirectoryOutcome.AlreadyExists);
        (await directory.AddAliasAsync("info@example.test", "ann@example.test")).Should().Be(DirectoryOutcome.Done);
        (await directory.AddAliasAsync("Info@example.test", "ann@example.test")).Should().Be(DirectoryOutcome.AlreadyExists);
        var account = new Account { Id = AccountId.New(directory.Time), Address = EmailAddress.Parse("info@example.test") };
        (await directory.Accounts.AddAsync(account, null, DirectoryUnderTest.None)).Should().Be(DirectoryOutcome.AlreadyExists);
        (await directory.Domains.RemoveAsync("example.test", DirectoryUnderTest.None)).Should().Be(DirectoryOutcome.InUse);
    }

    [Fact]
    public async Task An_account_goes_after_what_the_others_keep_of_it()
    {
        var removal = new Removal();
        using var directory = await new DirectoryUnderTest(null, removal).WithDomainAsync("example.test");
        var ann = await directory.AddAccountAsync("ann@example.test", "right");
        removal.Fails = true;
        await Assert.ThrowsAsync<IOException>(() => directory.Accounts.RemoveAsync(ann.Address, DirectoryUnderTest.None).AsTask());
        (await directory.ResolveAsync("ann@example.test")).Should().Be("disabled", "it stays, switched off, until all is gone");

        removal.Fails = false;
        (await directory.Accounts.RemoveAsync(ann.Address, DirectoryUnderTest.None)).Should().Be(DirectoryOutcome.Done);
        removal.Removed.Should().Equal(ann.Id);
        (await directory.Accounts.RemoveAsync(ann.Address, DirectoryUnderTest.None)).Should().Be(DirectoryOutcome.NotFound);
        (await directory.Store.FindCredentialAsync(ann.Id, DirectoryUnderTest.None)).Should().BeNull();
    }

    [Fact]
    public void Options_that_make_no_sense_name_the_key()
    {
        var validator = new Merpati.UserDirectory.UserDirectoryOptionsValidator();
        validator.Validate(null, new()).Succeeded.Should().BeTrue();
        var wrong = new Merpati.UserDirectory.UserDirectoryOptions { ScramIterations = 1, Postmaster = "nobody", SubaddressDelimiters = "a" };
        wrong.TrustedNetworks.Add("10.0.0.0/99");
        validator.Validate(null, wrong).Failures!.Should().Contain(failure => failure.Contains("UserDirectoryOptions.ScramIterations"))
            .And.Contain(failure => failure.StartsWith("Postmaster: "))
            .And.Contain(failure => failure.StartsWith("SubaddressDelimiters: "))
            .And.Contain(failure => failure.Contains("10.0.0.0/99"));
    }

    private sealed class Removal : IAccountRemoval
    {
        public bool Fails { get; set; }

        public List<AccountId> Removed { get; } = [];

        public ValueTask RemoveAsync(AccountId account, CancellationToken cancellationToken)
        {
            if (Fails) throw new IOException("the store is away");
            Removed.Add(account);
            return ValueTask.CompletedTask;
        }
    }
}
