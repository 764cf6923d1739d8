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
    private static readonly SmtpServerOptions Options = new() { HostName = "mail.example.test", AdvertiseDsn = true, OfferAuth = true, OfferRequireTls = true, OfferDeliverBy = true, OfferBinaryMime = true, MaxPriority = 4, MaxHold = TimeSpan.FromDays(1) };
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

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

    [Theory]
    [InlineData("RET=FULL ENVID=a+2Bb", 0)]
    [InlineData("RET=BODY", 501)]
    [InlineData("RET", 501)]
    [InlineData("ENVID=a+2b", 501)]
    [InlineData("ENVID", 501)]
    [InlineData("REQUIRETLS", 0)]
    [InlineData("REQUIRETLS=YES", 501)]
    [InlineData("MT-PRIORITY=9", 0)]
    [InlineData("MT-PRIORITY=-9", 0)]
    [InlineData("MT-PRIORITY=0", 0)]
    [InlineData("MT-PRIORITY=+3", 501)]
    [InlineData("MT-PRIORITY=-0", 501)]
    [InlineData("MT-PRIORITY=10", 501)]
    [InlineData("MT-PRIORITY", 501)]
    [InlineData("HOLDFOR=86400", 0)]
    [InlineData("HOLDFOR=86401", 501)]
    [InlineData("HOLDFOR=0", 501)]
    [InlineData("HOLDFOR=007", 501)]
    [InlineData("HOLDFOR=1234567890", 501)]
    [InlineData("HOLDFOR=-5", 501)]
    [InlineData("HOLDUNTIL=2026-11-25T11:59:59Z", 0)]
    [InlineData("HOLDUNTIL=2026-11-25t13:59:59.25+02:00", 0)]
    [InlineData("HOLDUNTIL=2026-11-25T13:00:00Z", 501)]
    [InlineData("HOLDUNTIL=2025-01-01T00:00:00Z", 0)]
    [InlineData("HOLDUNTIL=2026-11-25T11:59:59", 501)]
    [InlineData("HOLDUNTIL=2026-11-25", 501)]
    [InlineData("HOLDUNTIL=2026-02-30T00:00:00Z", 501)]
    [InlineData("HOLDFOR=10 HOLDUNTIL=2026-11-24T13:00:00Z", 501)]
    [InlineData("HOLDFOR=10 HOLDFOR=10", 501)]
    [InlineData("BY=120;R", 0)]
    [InlineData("BY=120;rt", 0)]
    [InlineData("BY=+120;N", 0)]
    [InlineData("BY=-120;NT", 0)]
    [InlineData("BY=0;R", 501)]
    [InlineData("BY=-1;R", 501)]
    [InlineData("BY=120", 501)]
    [InlineData("BY=120;", 501)]
    [InlineData("BY=;R", 501)]
    [InlineData("BY=120;X", 501)]
    [InlineData("BY=120;TR", 501)]
    [InlineData("BY=1234567890;R", 501)]
    [InlineData("BY=60;R HOLDFOR=60", 501)]
    [InlineData("BY=60;N HOLDFOR=60", 0)]
    [InlineData("BY=61;R HOLDFOR=60", 0)]
    [InlineData("BODY=BINARYMIME", 0)]
    [InlineData("BODY=9BIT", 501)]
    [InlineData("SOLICIT=x", 555)]
    public void Judges_the_parameters_of_mail(string parameters, int code)
    {
        var taken = MailFrom.TryParse(Encoding.ASCII.GetBytes("FROM:<joe@example.org> " + parameters), Options, tls: true, Now, out _, out var refusal);
        (taken ? 0 : refusal.Code).Should().Be(code);
        if (!taken) refusal.Enhanced.Should().Be("5.5.4");
    }

    [Theory]
    [InlineData("REQUIRETLS")]
    [InlineData("MT-PRIORITY=1")]
    [InlineData("HOLDFOR=1")]
    [InlineData("BY=1;N")]
    [InlineData("RET=FULL")]
    public void Knows_no_parameter_that_is_not_offered(string parameter)
    {
        MailFrom.TryParse(Encoding.ASCII.GetBytes("FROM:<joe@example.org> " + parameter), new SmtpServerOptions { HostName = "mail.example.test" }, tls: true, Now, out _, out var refusal).Should().BeFalse();
        refusal.Code.Should().Be(555);
    }

    [Fact]
    public void Require_tls_is_unknown_in_the_clear()
    {
        MailFrom.TryParse("FROM:<joe@example.org> REQUIRETLS"u8, Options, tls: false, Now, out _, out var refusal).Should().BeFalse();
        refusal.Code.Should().Be(555);
    }

    [Theory]
    [InlineData("NOTIFY=SUCCESS,FAILURE,DELAY", 0)]
    [InlineData("NOTIFY=never", 0)]
    [InlineData("NOTIFY=NEVER,SUCCESS", 501)]
    [InlineData("NOTIFY=", 501)]
    [InlineData("NOTIFY=SUCCESS,", 501)]
    [InlineData("NOTIFY=ALWAYS", 501)]
    [InlineData("ORCPT=rfc822;ann+40example.test", 0)]
    [InlineData("ORCPT=rfc822;ann@example.test", 0)]
    [InlineData("ORCPT=rfc822;", 501)]
    [InlineData("ORCPT=;ann", 501)]
    [InlineData("ORCPT=rfc822;a+4", 501)]
    [InlineData("ORCPT=rfc_822;a", 501)]
    [InlineData("ORCPT=utf-8;b\\x{FC}cher@example.test", 0)]
    [InlineData("ORCPT=utf-8;b\\x{1F4EE}@example.test", 0)]
    [InlineData("ORCPT=utf-8;b\\x{fc}@example.test", 501)]
    [InlineData("ORCPT=utf-8;b\\x{D800}@example.test", 501)]
    [InlineData("ORCPT=utf-8;b\\x{FC@example.test", 501)]
    [InlineData("ORCPT=utf-8;a+40b", 501)]
    [InlineData("RRVS=2026-01-01T00:00:00Z", 555)]
    public void Judges_the_parameters_of_rcpt(string parameters, int code)
    {
        var taken = Rcpt.TryParse(Encoding.ASCII.GetBytes("TO:<ann@example.test> " + parameters), smtpUtf8: false, Options, out _, out var refusal);
        (taken ? 0 : refusal.Code).Should().Be(code);
        if (!taken) refusal.Enhanced.Should().Be("5.5.4");
    }

    [Property(MaxTest = 3000)]
    public bool No_octets_make_a_parser_throw(byte[] octets)
    {
        _ = EsmtpParameters.TryParse(octets, out _);
        _ = SmtpHello.TryParse(octets, out _);
        _ = Bdat.TryParse(octets, out _, out _);
        _ = ClientAttributes.TryParse(octets, ["NAME", "ADDR"], out _);
        _ = MailFrom.TryParse(octets, Options, tls: true, Now, out _, out _);
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
