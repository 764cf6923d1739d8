using AwesomeAssertions;
using Merpati.Accounts;
using Merpati.Addresses;
using Xunit;

namespace Merpati.Tests.Unit.UserDirectory;

/// <summary>Senders elsewhere whose mail we forward.</summary>
public sealed class RewrittenSenderTests
{
    private static readonly EmailAddress Joe = EmailAddress.Parse("joe@remote.example");

    [Fact]
    public async Task A_rewritten_sender_is_an_alias_of_the_sender_while_a_report_may_come()
    {
        using var directory = await new DirectoryUnderTest().WithDomainAsync("example.test", catchAll: "all@example.test");
        var rewritten = (await directory.Directory.RewriteSenderAsync(Joe, "example.test", default))!;
        rewritten.Domain.Should().Be("example.test");
        (await directory.Directory.ResolveAsync(rewritten, default)).Should().BeOfType<Resolution.Alias>().Which.Targets.Should().Equal(Joe);
        (await directory.Directory.ResolveAsync(EmailAddress.Parse(rewritten.ToString().ToUpperInvariant()), default)).Should().BeOfType<Resolution.Alias>("others change the case");
        directory.Time.Advance(TimeSpan.FromDays(30));
        (await directory.Directory.ResolveAsync(rewritten, default)).Should().BeOfType<Resolution.UnknownUser>();
    }

    [Fact]
    public async Task One_that_we_did_not_make_is_unknown_also_to_a_catch_all()
    {
        using var directory = await new DirectoryUnderTest().WithDomainAsync("example.test", catchAll: "all@example.test");
        var rewritten = (await directory.Directory.RewriteSenderAsync(Joe, "example.test", default))!;
        var forged = new EmailAddress(rewritten.LocalPart.Replace("=joe", "=eve", StringComparison.Ordinal), rewritten.Domain);
        (await directory.Directory.ResolveAsync(forged, default)).Should().BeOfType<Resolution.UnknownUser>();
        (await directory.Directory.ResolveAsync(EmailAddress.Parse("SRS0=@example.test"), default)).Should().BeOfType<Resolution.UnknownUser>();
        (await directory.Directory.ResolveAsync(new EmailAddress(rewritten.LocalPart, "other.example"), default)).Should().BeOfType<Resolution.Remote>();
    }

    [Fact]
    public async Task A_sender_of_ours_is_left_as_it_is()
    {
        using var directory = await new DirectoryUnderTest().WithDomainAsync("example.test");
        await directory.WithDomainAsync("second.test");
        var ann = EmailAddress.Parse("ann@second.test");
        (await directory.Directory.RewriteSenderAsync(ann, "example.test", default)).Should().Be(ann);
    }
}
