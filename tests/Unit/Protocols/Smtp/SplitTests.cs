using System.Text;
using AwesomeAssertions;
using Merpati.Protocols.Smtp;
using Merpati.TestKit;
using Merpati.TestKit.Smtp;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Merpati.Tests.Unit.Protocols.Smtp;

/// <summary>A network cuts the client's octets anywhere; replies and messages are the same.</summary>
public sealed class SplitTests
{
    private static readonly byte[] Script = Encoding.UTF8.GetBytes(
        "EHLO a\r\nMAIL FROM:<joe@example.org> SIZE=10\r\nRCPT TO:<ann@example.test>\r\nRCPT TO:<>\r\nDATA\r\n"
        + "Subject: x\r\n\r\n..\r\n.a\r\n\r\n.\r\n"
        + "NOOP\nMAIL FROM:<>\r\nRCPT TO:<bob@example.test>\r\nBDAT 5\r\n.\r\n.\rBDAT 3 LAST\r\n\nx.RSET\r\n"
        + "MAIL FROM:<ö@example.org> SMTPUTF8\r\nRCPT TO:<ann@example.test>\r\nBDAT 7\r\nhello\r\nBDAT 0 LAST\r\n"
        + "MAIL FROM:<>\r\nRCPT TO:<ann@example.test>\r\nDATA\r\na\n.\r\nb\r\n.\n\r\n.\r\nFOO\r\nQUIT\r\n");

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(7)]
    [InlineData(64)]
    public async Task Cuts_do_not_matter(int step)
    {
        var (whole, wholeMessages) = await RunAsync(Script.Length);
        whole.Should().Contain("550 5.6.11").And.EndWith("221 2.0.0 Goodbye\r\n");
        wholeMessages.Should().Equal("Subject: x\r\n\r\n.\r\na\r\n\r\n", ".\r\n.\r\nx.", "hello\r\n");

        var (replies, messages) = await RunAsync(step);
        replies.Should().Be(whole);
        messages.Should().Equal(wholeMessages);
    }

    private static async Task<(string Replies, IReadOnlyList<string> Messages)> RunAsync(int step)
    {
        var session = new RecordingSession();
        var options = new SmtpServerOptions { HostName = "mail.example.test" };
        await using var transcript = new Transcript((transport, lifetime) => new SmtpConnection(transport, session, options, TimeProvider.System, NullLogger.Instance).RunAsync(lifetime));
        for (var at = 0; at < Script.Length; at += step)
        {
            await transcript.Client().Output.WriteAsync(Script.AsMemory(at, Math.Min(step, Script.Length - at)));
            await Task.Yield();
        }
        return (await transcript.ReadToEndAsync(), [.. session.Messages.Select(message => message.Text)]);
    }
}
