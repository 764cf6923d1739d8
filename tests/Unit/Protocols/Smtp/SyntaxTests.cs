using System.Text;
using AwesomeAssertions;
using FsCheck.Xunit;
using Merpati.Protocols.Smtp;
using Merpati.Protocols.Smtp.Commands;
using Merpati.Protocols.Smtp.Syntax;
using Xunit;

namespace Merpati.Tests.Unit.Protocols.Smtp;

public sealed class SyntaxTests
{
    private static readonly SmtpServerOptions Options = new() { HostName = "mail.example.test", AdvertiseDsn = true, OfferAuth = true };

    [Theory]
    [InlineData("<ann@example.test>", "ann@example.test")]
    [InlineData("<a.b+c@example.test>", "a.b+c@example.test")]
    [InlineData("<\"a b\"@example.test>", "\"a b\"@example.test")]
    [InlineData("<\"a>b\"@example.test>", "\"a>b\"@example.test")]
    [InlineData("<\"a\\\"b\"@example.test>", "\"a\\\"b\"@example.test")]
    [InlineData("<\"ann\"@example.test>", "ann@example.test")]
    [InlineData("<@a.example,@b.example:ann@example.test>", "ann@example.test")]
    [InlineData("<ann@[192.0.2.1]>", "ann@[192.0.2.1]")]
    [InlineData("<ann@EXAMPLE.test.>", "ann@example.test")]
    [InlineData("<ann%remote@example.test>", "ann%remote@example.test")]
    public void Reads_a_path(string text, string address)
    {
        SmtpPath.TryParse(Encoding.UTF8.GetBytes(text), out var path, out var consumed).Should().BeTrue();
        path.Should().BeOfType<SmtpPath.Mailbox>().Which.Address.ToString().Should().Be(address);
        consumed.Should().Be(text.Length);
    }

    [Theory]
    [InlineData("")]
    [InlineData("<")]
    [InlineData("ann@example.test")]
    [InlineData("<ann>")]
    [InlineData("<@example.test>")]
    [InlineData("<@a.example:>")]
    [InlineData("<@:ann@example.test>")]
    [InlineData("<a b@example.test>")]
    [InlineData("<ann@example.test")]
    [InlineData("<\"ann@example.test>")]
    [InlineData("<ann@exa mple.test>")]
    [InlineData("<.ann@example.test>")]
    [InlineData("<ann@.test>")]
    [InlineData("<ann@-x.test>")]
    [InlineData("< ann@example.test>")]
    [InlineData("<<ann@example.test>>")]
    [InlineData("<ann@[1.2.3]>")]
    public void Refuses_what_is_no_path(string text)
        => (SmtpPath.TryParse(Encoding.UTF8.GetBytes(text), out _, out var consumed) && consumed == text.Length).Should().BeFalse();

    [Theory]
    [InlineData("client.example.org", true)]
    [InlineData("localhost", true)]
    [InlineData("WIN_PC-1", true)]
    [InlineData("[192.0.2.1]", true)]
    [InlineData("[IPv6:2001:db8::1]", true)]
    [InlineData(" padded ", true)]
    [InlineData("", false)]
    [InlineData("a b", false)]
    [InlineData("[1.2.3]", false)]
    [InlineData("[IPv6:1.2.3.4]", false)]
    [InlineData("[]", false)]
    [InlineData("a..b", false)]
    [InlineData(".a", false)]
    [InlineData("-a", false)]
    [InlineData("a(b)", false)]
    [InlineData("bücher.example", false)]
    public void Reads_hello(string text, bool valid) => SmtpHello.TryParse(Encoding.UTF8.GetBytes(text), out _).Should().Be(valid);

    [Theory]
    [InlineData("", true)]
    [InlineData("  ", true)]
    [InlineData(" SIZE=1", true)]
    [InlineData("  SIZE=1   BODY=7BIT", true)]
    [InlineData("SIZE=1", false)]
    [InlineData(" SIZE=", false)]
    [InlineData(" =1", false)]
    [InlineData(" SIZE=1=2", false)]
    [InlineData(" -X=1", false)]
    [InlineData(" SIZE=1 size=2", false)]
    [InlineData(" SI_ZE=1", false)]
    public void Reads_parameters(string text, bool valid) => EsmtpParameters.TryParse(Encoding.UTF8.GetBytes(text), out _).Should().Be(valid);

    [Theory]
    [InlineData("5", true, 5, false)]
    [InlineData("5 LAST", true, 5, true)]
    [InlineData("0 last", true, 0, true)]
    [InlineData("5  LAST ", true, 5, true)]
    [InlineData("", false, 0, false)]
    [InlineData("+5", false, 5, false)]
    [InlineData("-5", false, -5, false)]
    [InlineData("5LAST", false, 5, false)]
    [InlineData("5 LAST LAST", false, 5, false)]
    [InlineData("9223372036854775807", true, long.MaxValue, false)]
    [InlineData("9223372036854775808", false, 0, false)]
    public void Reads_bdat(string text, bool valid, long count, bool last)
    {
        Bdat.TryParse(Encoding.ASCII.GetBytes(text), out var actual, out var isLast).Should().Be(valid);
        if (!valid) return;
        actual.Should().Be(count);
        isLast.Should().Be(last);
    }

    [Property(MaxTest = 3000)]
    public bool No_octets_make_a_parser_throw(byte[] octets)
    {
        _ = EsmtpParameters.TryParse(octets, out _);
        _ = SmtpHello.TryParse(octets, out _);
        _ = Bdat.TryParse(octets, out _, out _);
        _ = MailFrom.TryParse(octets, Options, out _, out _);
        _ = Rcpt.TryParse(octets, smtpUtf8: true, Options, out _, out _);
        byte[] bracketed = [(byte)'<', .. octets, (byte)'>'];
        return !SmtpPath.TryParse(bracketed, out _, out var consumed) || (consumed > 1 && consumed <= bracketed.Length);
    }

    [Fact]
    public void Replies_are_short_printable_lines()
    {
        new SmtpReply(550, "5.7.1", "bad\r\n250 injected\u00fc").ToString().Should().Be("550 5.7.1 bad??250 injected?");
        new SmtpReply(250, null, "a", "b").ToString().Should().Be("250-a\r\n250 b");
        new SmtpReply(250, "2.0.0", new string('x', 2000)).ToString().Length.Should().BeLessThanOrEqualTo(510);
    }
}
