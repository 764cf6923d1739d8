using AwesomeAssertions;
using Merpati.Accounts;
using Merpati.Addresses;
using Xunit;

namespace Merpati.Tests.Unit.UserDirectory;

public sealed class ResolutionTests
{
    [Theory]
    [InlineData("ann@example.test", "ann@example.test")]
    [InlineData("ANN@EXAMPLE.TEST", "ann@example.test")]
    [InlineData("ann@example.test.", "ann@example.test")]
    [InlineData("\"ann\"@example.test", "ann@example.test")]
    [InlineData("ann+x@example.test", "ann+x@example.test")] // an account of exactly this address comes before the subaddress
    [InlineData("ann+y@example.test", "ann@example.test detail y")]
    [InlineData("ann+y+z@example.test", "ann@example.test detail y+z")]
    [InlineData("Ann+Tag@example.test", "ann@example.test detail Tag")]
    [InlineData("info@example.test", "alias ann@example.test,bob@example.test")]
    [InlineData("info+tag@example.test", "alias ann@example.test,bob@example.test")]
    [InlineData("info-special@example.test", "alias bob@example.test")] // exact before wildcard
    [InlineData("info-other@example.test", "alias ann@example.test")]
    [InlineData("info-other-more@example.test", "alias ann+more@example.test")] // the longest literal match
    [InlineData("ann+@example.test", "alias ann@example.test")] // an empty tag is none: on to the catch-all
    [InlineData("+tag@example.test", "alias ann@example.test")]
    [InlineData("nobody@example.test", "alias ann@example.test")]
    [InlineData("off@example.test", "disabled")]
    [InlineData("off+tag@example.test", "disabled")] // never to the catch-all
    [InlineData("nobody@strict.test", "unknown")]
    [InlineData("ann@strict.test", "unknown")]
    [InlineData("ann@elsewhere.test", "remote")]
    [InlineData("ann@sub.example.test", "remote")]
    [InlineData("ann@[127.0.0.1]", "remote")]
    [InlineData("käthe@bücher.test", "käthe@bücher.test")]
    [InlineData("KÄTHE@xn--bcher-kva.test", "käthe@bücher.test")]
    [InlineData("käthe@XN--BCHER-KVA.TEST", "käthe@bücher.test")]
    public async Task An_address_finds_its_rule_in_order(string address, string expected)
    {
        using var directory = await ArrangeAsync();
        (await directory.ResolveAsync(address)).Should().Be(expected);
        (await directory.ResolveAsync(address)).Should().Be(expected, "the cache must say the same");
    }

    [Theory]
    [InlineData("postmaster@example.test", "alias ann@example.test")] // the catch-all has it
    [InlineData("POSTMASTER@strict.test", "bob@strict.test")]
    [InlineData("postmaster+x@strict.test", "unknown")]
    [InlineData("abuse@strict.test", "bob@strict.test")]
    [InlineData("postmaster@bücher.test", "käthe@bücher.test")]
    [InlineData("postmaster@empty.test", "käthe@bücher.test")] // no account there: the first of all
    [InlineData("postmaster@elsewhere.test", "remote")]
    [InlineData("postmaster@localhost", "käthe@bücher.test")] // this server itself
    [InlineData("ann@localhost", "remote")]
    public async Task Postmaster_of_every_domain_reaches_somebody(string address, string expected)
    {
        using var directory = await ArrangeAsync();
        await directory.AddAccountAsync("bob@strict.test");
        await directory.WithDomainAsync("empty.test");
        (await directory.ResolveAsync(address)).Should().Be(expected);
    }

    [Fact]
    public async Task Postmaster_that_is_configured_or_defined_goes_there()
    {
        using var directory = new DirectoryUnderTest(options =>
        {
            options.Postmaster = "root@example.test";
            options.AbuseReachesPostmaster = false;
        });
        await directory.WithDomainAsync("example.test");
        await directory.WithDomainAsync("other.test");
        await directory.AddAccountAsync("ann@example.test");

        (await directory.ResolveAsync("postmaster@other.test")).Should().Be("alias root@example.test");
        (await directory.ResolveAsync("abuse@other.test")).Should().Be("unknown");
        (await directory.AddAliasAsync("postmaster@other.test", "ann@example.test")).Should().Be(DirectoryOutcome.Done);
        (await directory.ResolveAsync("postmaster@other.test")).Should().Be("alias ann@example.test");
    }

    [Fact]
    public async Task Postmaster_whose_account_is_off_reaches_another()
    {
        using var directory = await new DirectoryUnderTest().WithDomainAsync("example.test");
        await directory.AddAccountAsync("postmaster@example.test", enabled: false);
        (await directory.ResolveAsync("postmaster@example.test")).Should().Be("disabled", "there is nobody else");
        await directory.AddAccountAsync("zoe@example.test");
        (await directory.ResolveAsync("postmaster@example.test")).Should().Be("zoe@example.test");
    }

    [Fact]
    public async Task Delimiters_are_an_option()
    {
        using var directory = new DirectoryUnderTest(options => options.SubaddressDelimiters = "-=");
        await directory.WithDomainAsync("example.test");
        await directory.AddAccountAsync("ann@example.test");
        (await directory.ResolveAsync("ann-tag@example.test")).Should().Be("ann@example.test detail tag");
        (await directory.ResolveAsync("ann=tag-more@example.test")).Should().Be("ann@example.test detail tag-more");
        (await directory.ResolveAsync("ann+tag@example.test")).Should().Be("unknown");

        using var without = new DirectoryUnderTest(options => options.SubaddressDelimiters = "");
        await without.WithDomainAsync("example.test");
        await without.AddAccountAsync("ann@example.test");
        (await without.ResolveAsync("ann+tag@example.test")).Should().Be("unknown");
    }

    [Fact]
    public async Task Local_domains_compare_in_both_forms()
    {
        using var directory = await new DirectoryUnderTest().WithDomainAsync("bücher.test");
        foreach (var name in (string[])["bücher.test", "BÜCHER.test", "xn--bcher-kva.test", "bücher.test."])
        {
            (await directory.Directory.IsLocalDomainAsync(name, DirectoryUnderTest.None)).Should().BeTrue(name);
        }
        (await directory.Directory.IsLocalDomainAsync("test", DirectoryUnderTest.None)).Should().BeFalse();
    }

    [Fact]
    public async Task A_change_shows_at_once_though_everything_is_cached()
    {
        using var directory = await new DirectoryUnderTest().WithDomainAsync("example.test");
        (await directory.ResolveAsync("ann@example.test")).Should().Be("unknown");
        await directory.AddAccountAsync("ann@example.test");
        (await directory.ResolveAsync("ann@example.test")).Should().Be("ann@example.test");
        await directory.Accounts.ChangeAsync(EmailAddress.Parse("ann@example.test"), account => account with { Enabled = false }, DirectoryUnderTest.None);
        (await directory.ResolveAsync("ann@example.test")).Should().Be("disabled");
        await directory.Accounts.RemoveAsync(EmailAddress.Parse("ann@example.test"), DirectoryUnderTest.None);
        (await directory.ResolveAsync("ann@example.test")).Should().Be("unknown");
        await directory.AddAccountAsync("bob@example.test");
        await directory.Domains.ChangeCatchAllAsync("example.test", EmailAddress.Parse("bob@example.test"), DirectoryUnderTest.None);
        (await directory.ResolveAsync("ann@example.test")).Should().Be("alias bob@example.test");
        (await directory.AddAliasAsync("a*@example.test", "bob+a@example.test")).Should().Be(DirectoryOutcome.Done);
        (await directory.ResolveAsync("ann@example.test")).Should().Be("alias bob+a@example.test");
        await directory.Aliases.RemoveAsync(EmailAddress.Parse("a*@example.test"), DirectoryUnderTest.None);
        (await directory.ResolveAsync("ann@example.test")).Should().Be("alias bob@example.test");
    }

    [Fact]
    public async Task What_was_asked_lately_is_not_read_again_until_it_is_old()
    {
        using var directory = await new DirectoryUnderTest().WithDomainAsync("example.test");
        var account = await directory.AddAccountAsync("ann@example.test");
        await directory.ResolveAsync("ann@example.test");
        await directory.Directory.GetAccountAsync(account.Id, DirectoryUnderTest.None);
        var reads = directory.Store.Reads;

        await directory.ResolveAsync("ANN@example.test");
        await directory.Directory.GetAccountAsync(account.Id, DirectoryUnderTest.None);
        directory.Store.Reads.Should().Be(reads);

        // Another process changed the store; we hear of it when the entry is too old.
        await directory.Store.ChangeAccountAsync(account with { Enabled = false }, DirectoryUnderTest.None);
        (await directory.ResolveAsync("ann@example.test")).Should().Be("ann@example.test");
        directory.Time.Advance(TimeSpan.FromSeconds(31));
        (await directory.ResolveAsync("ann@example.test")).Should().Be("disabled");
    }

    private static async Task<DirectoryUnderTest> ArrangeAsync()
    {
        var directory = new DirectoryUnderTest();
        await directory.WithDomainAsync("example.test", "ann@example.test");
        await directory.WithDomainAsync("strict.test");
        await directory.WithDomainAsync("bücher.test");
        await directory.AddAccountAsync("ann@example.test");
        await directory.AddAccountAsync("ann+x@example.test");
        await directory.AddAccountAsync("off@example.test", enabled: false);
        await directory.AddAccountAsync("käthe@bücher.test");
        (await directory.AddAliasAsync("info@example.test", "ann@example.test", "bob@example.test")).Should().Be(DirectoryOutcome.Done);
        (await directory.AddAliasAsync("info-special@example.test", "bob@example.test")).Should().Be(DirectoryOutcome.Done);
        (await directory.AddAliasAsync("info-*@example.test", "ann@example.test")).Should().Be(DirectoryOutcome.Done);
        (await directory.AddAliasAsync("info-*-more@example.test", "ann+more@example.test")).Should().Be(DirectoryOutcome.Done);
        return directory;
    }
}
