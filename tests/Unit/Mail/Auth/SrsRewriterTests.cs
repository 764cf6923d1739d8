using AwesomeAssertions;
using Merpati.Addresses;
using Merpati.Mail.Auth;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Merpati.Tests.Unit.Mail.Auth;

/// <summary>The Sender Rewriting Scheme: there and back, and nothing for forgers.</summary>
public sealed class SrsRewriterTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly SrsRewriter _srs;

    public SrsRewriterTests() => _srs = new SrsRewriter(new byte[32], _time);

    [Theory]
    [InlineData("ann@example.org")]
    [InlineData("Ann.Lee+tag=x=y@example.org")]
    [InlineData("\"odd local\"@example.org")]
    [InlineData("jörg@example.org")]
    [InlineData("ann@bücher.example")]
    [InlineData("srs0@example.org")]
    public void A_sender_comes_back(string sender)
    {
        var forward = _srs.Forward(EmailAddress.Parse(sender), "fwd.example")!;
        forward.LocalPart.Should().StartWith("SRS0=");
        forward.Domain.Should().Be("fwd.example");
        _srs.Reverse(forward).Should().Be(new SrsReversal.Known(EmailAddress.Parse(sender)));
    }

    [Fact]
    public void An_address_that_lost_its_case_comes_back()
    {
        var forward = _srs.Forward(EmailAddress.Parse("Ann@example.org"), "fwd.example")!;
        _srs.Reverse(new EmailAddress(forward.LocalPart.ToUpperInvariant(), forward.Domain)).Should().Be(new SrsReversal.Known(EmailAddress.Parse("ann@example.org")));
        _srs.Reverse(new EmailAddress(forward.LocalPart.ToLowerInvariant(), forward.Domain)).Should().Be(new SrsReversal.Known(EmailAddress.Parse("ann@example.org")));
    }

    [Fact]
    public void What_another_forwarder_wrote_goes_back_to_it_and_does_not_grow()
    {
        var first = new EmailAddress("SRS0=ab12=XY=example.org=ann", "one.example");
        var second = _srs.Forward(first, "fwd.example")!;
        second.LocalPart.Should().StartWith("SRS1=").And.EndWith("=one.example==ab12=XY=example.org=ann");
        _srs.Reverse(second).Should().Be(new SrsReversal.Known(first));

        var elsewhere = new SrsRewriter(new byte[] { 1 }, _time);
        var third = elsewhere.Forward(second, "third.example")!;
        third.LocalPart.Should().HaveLength(second.LocalPart.Length);
        elsewhere.Reverse(third).Should().Be(new SrsReversal.Known(first));
    }

    [Fact]
    public void Our_own_sender_stays() => _srs.Forward(EmailAddress.Parse("ann@fwd.example"), "FWD.example.").Should().Be(EmailAddress.Parse("ann@fwd.example"));

    [Fact]
    public void What_would_not_fit_is_not_rewritten() => _srs.Forward(EmailAddress.Parse(new string('a', 60) + "@example.org"), "fwd.example").Should().BeNull();

    [Theory]
    [InlineData("SRS0=aaaaaaaa=aa=example.org=ann")]
    [InlineData("SRS0=aaaaaaaa=aa=example.org")]
    [InlineData("SRS0==aa=example.org=ann")]
    [InlineData("SRS1=aaaaaaaa=one.example==ab12=XY=example.org=ann")]
    [InlineData("SRS1=aaaaaaaa=one.example")]
    [InlineData("SRS0======")]
    public void A_forgery_is_known(string local) => _srs.Reverse(new EmailAddress(local, "fwd.example")).Should().BeOfType<SrsReversal.Forged>();

    [Fact]
    public void Another_sender_under_the_same_hash_is_a_forgery()
    {
        var forward = _srs.Forward(EmailAddress.Parse("ann@example.org"), "fwd.example")!;
        _srs.Reverse(new EmailAddress(forward.LocalPart.Replace("ann", "eve", StringComparison.Ordinal), "fwd.example")).Should().BeOfType<SrsReversal.Forged>();
    }

    [Theory]
    [InlineData("ann")]
    [InlineData("srs0")]
    [InlineData("SRS0")]
    [InlineData("srs2=x=y")]
    public void An_ordinary_address_is_none_of_ours(string local) => _srs.Reverse(new EmailAddress(local, "fwd.example")).Should().BeOfType<SrsReversal.NotSrs>();

    [Fact]
    public void An_address_dies_after_three_weeks()
    {
        var forward = _srs.Forward(EmailAddress.Parse("ann@example.org"), "fwd.example")!;
        _time.Advance(TimeSpan.FromDays(SrsRewriter.MaxAgeDays));
        _srs.Reverse(forward).Should().BeOfType<SrsReversal.Known>();
        _time.Advance(TimeSpan.FromDays(1));
        _srs.Reverse(forward).Should().BeOfType<SrsReversal.Expired>();
    }
}
