using System.Text;
using AwesomeAssertions;
using Merpati.Mail;
using Xunit;

namespace Merpati.Tests.Unit.Mail;

public sealed class MessageTextTests
{
    [Theory]
    [InlineData("Subject: =?utf-8?B?R3LDvMOfZQ==?=\r\n\r\n", "subject", "GR\u00dc\u00dfE", true)]
    [InlineData("Subject: =?utf-8?Q?one?=\r\n =?utf-8?Q?_two?=\r\n\r\n", "Subject", "one two", true)]
    [InlineData("Subject: folded\r\n\there\r\n\r\n", "Subject", "folded\there", true)]
    [InlineData("Subject: x\r\n\r\nSubject: y\r\n", "Subject", "y", false)]
    [InlineData("X-Empty:\r\n\r\n", "X-Empty", "", true)]
    [InlineData("X-Other: a\r\n\r\n", "X-Empty", "", false)]
    [InlineData("Received: one\r\nReceived: two\r\n\r\n", "received", "two", true)]
    [InlineData("\r\n", "Return-Path", "sender@example", true)]
    public async Task Finds_in_a_field(string message, string field, string text, bool expected)
        => (await (await OpenAsync(Encoding.UTF8.GetBytes(message))).HasFieldAsync(field, text, CancellationToken.None)).Should().Be(expected);

    [Theory]
    [InlineData("Content-Type: text/plain; charset=utf-8\r\n\r\nПривет", "ПРИВЕТ", true)]
    [InlineData("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n0J/RgNC40LLQ\r\ntdGC\r\n", "привет", true)]
    [InlineData("Content-Type: text/plain; charset=koi8-r\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=F0=D2=C9=D7=\r\n=C5=D4\r\n", "привет", true)]
    [InlineData("Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n\u001b$B$3$s$K$A$O\u001b(B\r\n", "こんにちは", true)]
    [InlineData("Content-Type: text/html\r\n\r\n<p>Gr&uuml;<b>&szlig;</b>e</p><p>Ann &amp; Bob</p>", "grüße", true)]
    [InlineData("Content-Type: text/html\r\n\r\n<p class=\"secret\">x</p>", "secret", false)]
    [InlineData("Content-Type: text/html\r\n\r\n<style>hidden</style><!-- hidden --><p>seen</p><script>hidden</script>", "hidden", false)]
    [InlineData("Content-Type: application/octet-stream\r\n\r\nbinary", "binary", false)]
    [InlineData("Content-Type: text/plain; charset=no-such\r\n\r\nplain", "PLAIN", true)]
    [InlineData("Subject: only here\r\n\r\nbody", "only here", false)]
    [InlineData("Content-Type: message/rfc822\r\n\r\nSubject: =?utf-8?Q?inside?=\r\n\r\nx", "inside", true)]
    [InlineData("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b\r\nContent-Type: text/plain; name=report.txt\r\n\r\ntwo\r\n--b--\r\n", "report.TXT", true)]
    [InlineData("\r\nanything", "", true)]
    public async Task Finds_in_the_body(string message, string text, bool expected)
        => (await (await OpenAsync(Encoding.UTF8.GetBytes(message))).BodyContainsAsync(text, CancellationToken.None)).Should().Be(expected);

    [Theory]
    [InlineData("subject: only", true)]
    [InlineData("the body", true)]
    [InlineData("return-path: <sender", true)]
    [InlineData("nowhere", false)]
    public async Task Finds_anywhere(string text, bool expected)
        => (await (await OpenAsync("Subject: only here\r\n\r\nthe body\r\n"u8.ToArray())).ContainsAsync(text, CancellationToken.None)).Should().Be(expected);

    [Fact]
    public async Task Finds_what_lies_across_the_pieces_of_a_large_body()
    {
        var message = new StringBuilder("\r\n");
        while (message.Length < 8 * 1024 - 3) message.Append('.');
        message.Append("needle");
        while (message.Length < 300_000) message.Append(".....\r\n");
        message.Append("the end");
        var opened = await OpenAsync(Encoding.UTF8.GetBytes(message.ToString()));
        (await opened.BodyContainsAsync("NEEDLE", CancellationToken.None)).Should().BeTrue();
        (await opened.BodyContainsAsync(".\r\nthe end", CancellationToken.None)).Should().BeTrue();
        (await opened.BodyContainsAsync("needless", CancellationToken.None)).Should().BeFalse();
    }

    private static async Task<MessageText> OpenAsync(byte[] content)
    {
        var structure = await MessageStructureBuilder.BuildAsync(new MemoryStream(content), CancellationToken.None);
        return new MessageText(structure, "Return-Path: <sender@example.org>\r\n"u8.ToArray(), content.Length,
            (offset, length, _) => ValueTask.FromResult<Stream>(new MemoryStream(content, (int)offset, (int)length, writable: false)));
    }
}
