using System.Text;
using AwesomeAssertions;
using FsCheck.Xunit;
using Merpati.SmtpIngress.Acceptance;
using Merpati.Tests.Unit.Protocols.Smtp;
using Xunit;

namespace Merpati.Tests.Unit.SmtpIngress;

public sealed class HeaderInspectorTests
{
    private const string Message = "Received: a\r\nreceived : b\r\n c\r\nFrom: Ann\r\n\t<ann@example.test>\r\nDATE: x\r\nMessage-Id: <1@a>\r\n\r\nFrom: body\r\nReceived: body\r\n";

    [Property]
    public bool Finds_the_same_however_it_is_cut(byte[] cuts)
    {
        var header = new HeaderInspector(1000);
        foreach (var piece in SmtpText.Cut(Encoding.ASCII.GetBytes(Message), cuts)) header.Inspect(piece.Span);
        header.Complete();
        return header.Hops == 2 && header.HasDate && header.MessageId == "<1@a>" && header.From.Count == 1
               && Encoding.ASCII.GetString(header.From[0].Span) == " Ann\t<ann@example.test>" && !header.IsTooBig && !header.HasOverlongFrom;
    }

    [Theory]
    [InlineData("TLS-Required: No\r\n", true)]
    [InlineData("tls-required:\r\n no \r\n", true)]
    [InlineData("TLS-Required: Yes\r\n", false)]
    [InlineData("TLS-Required: No\r\nTLS-Required: No\r\n", false)]
    [InlineData("X-TLS-Required: No\r\n", false)]
    [InlineData("\r\nTLS-Required: No\r\n", false)]
    public void TLS_Required_says_No_once_or_not_at_all(string text, bool optional)
    {
        var header = new HeaderInspector(1000);
        header.Inspect(Encoding.ASCII.GetBytes(text));
        header.Complete();
        header.IsTlsOptional.Should().Be(optional);
    }

    [Fact]
    public void A_header_without_end_is_too_big()
    {
        var header = new HeaderInspector(1000);
        for (var i = 0; i < 1001; i++) header.Inspect("x"u8);
        header.IsTooBig.Should().BeTrue();
    }

    [Fact]
    public void A_body_that_was_sent_without_header_is_no_header()
    {
        var header = new HeaderInspector(1000);
        for (var i = 0; i < 100; i++) header.Inspect("just some text without a name\r\n"u8);
        header.IsTooBig.Should().BeFalse();
    }

    [Fact]
    public void A_from_field_beyond_all_reason_is_noticed()
    {
        var header = new HeaderInspector(1_000_000);
        header.Inspect("From: a\r\n"u8);
        for (var i = 0; i < 1000; i++) header.Inspect(Encoding.ASCII.GetBytes(" " + new string('x', 100) + "\r\n"));
        header.HasOverlongFrom.Should().BeTrue();
    }
}
