using AwesomeAssertions;
using Merpati.Accounts;
using Merpati.Addresses;
using Xunit;

namespace Merpati.Tests.Unit.UserDirectory;

public sealed class SenderRightsTests
{
    [Theory]
    [InlineData("ann@example.test", true)]
    [InlineData("ANN@example.test", true)]
    [InlineData("ann+shop@example.test", true)]
    [InlineData("bob@example.test", false)]
    [InlineData("hers@example.test", true)]
    [InlineData("hers+tag@example.test", true)]
    [InlineData("deep@example.test", true)]
    [InlineData("ann-news@example.test", true)]
    [InlineData("team@example.test", false)]
    [InlineData("his@example.test", false)]
    [InlineData("dangling@example.test", false)]
    [InlineData("nobody@example.test", false)]
    [InlineData("anything@caught.test", false)] // a catch-all receives; it is no right to write
    [InlineData("postmaster@example.test", false)]
    [InlineData("ann@elsewhere.test", false)]
    public async Task An_account_sends_as_itself_and_as_aliases_that_are_its_alone(string sender, bool allowed)
    {
        using var directory = await new DirectoryUnderTest().WithDomainAsync("example.test");
        await directory.WithDomainAsync("caught.test", "ann@example.test");
        var ann = await directory.AddAccountAsync("ann@example.test");
        await directory.AddAccountAsync("bob@example.test");
        await directory.AddAliasAsync("hers@example.test", "ann@example.test");
        await directory.AddAliasAsync("deep@example.test", "hers@example.test", "ann+x@example.test");
        await directory.AddAliasAsync("his@example.test", "bob@example.test");
        await directory.AddAliasAsync("team@example.test", "hers@example.test", "bob@example.test");
        await directory.AddAliasAsync("ann-*@example.test", "ann@example.test");
        await directory.AddAliasAsync("dangling@example.test", "ann@example.test", "gone@example.test");

        (await directory.Directory.MaySendAsAsync(ann.Id, EmailAddress.Parse(sender), DirectoryUnderTest.None)).Should().Be(allowed);
    }

    [Fact]
    public async Task A_circle_in_the_store_ends()
    {
        using var directory = await new DirectoryUnderTest().WithDomainAsync("example.test");
        var ann = await directory.AddAccountAsync("ann@example.test");
        await directory.Store.PutAliasAsync(new AddressAlias(EmailAddress.Parse("a@example.test"), [EmailAddress.Parse("b+x@example.test")]), DirectoryUnderTest.None);
        await directory.Store.PutAliasAsync(new AddressAlias(EmailAddress.Parse("b@example.test"), [EmailAddress.Parse("a+x@example.test")]), DirectoryUnderTest.None);
        await directory.Directory.MaySendAsAsync(ann.Id, EmailAddress.Parse("a@example.test"), DirectoryUnderTest.None);
    }
}
