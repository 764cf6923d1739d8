using Merpati.TestKit;

namespace Merpati.Tests.Faults;

/// <summary>SIGTERM while clients are in the middle of things, or stuck.</summary>
public sealed class ShutdownTest
{
    [Fact]
    public async Task Clients_that_never_read_or_never_end_do_not_hold_up_the_end()
    {
        await using var server = await StandaloneProcess.StartAsync();
        var (address, password) = server.Accounts[0];
        var large = "Subject: large\r\n\r\n" + string.Concat(Enumerable.Repeat(new string('x', 76) + "\r\n", 200_000));
        await using var imap = await OpenAsync();
        Assert.StartsWith("OK", (await imap.ImapAsync($"APPEND INBOX {{{large.Length}+}}\r\n{large}"))[^1], StringComparison.Ordinal);

        await using var deaf = await OpenAsync();
        await deaf.SendAsync("a FETCH 1 BODY.PEEK[]");
        await using var idle = await OpenAsync();
        await idle.SendAsync("a IDLE");
        Assert.StartsWith("+", await idle.LineAsync(), StringComparison.Ordinal);
        await using var half = await MailWire.ConnectAsync(server.SmtpPort);
        await half.SmtpReplyAsync();
        await half.SmtpAsync("EHLO client.test");
        await half.SmtpAsync("MAIL FROM:<sender@elsewhere.test>");
        await half.SmtpAsync($"RCPT TO:<{address}>");
        Assert.StartsWith("354", await half.SmtpAsync("DATA"), StringComparison.Ordinal);
        await half.SendAsync("Subject: never to end");
        await using var waiting = await MailWire.ConnectAsync(server.SmtpPort);
        await waiting.SmtpReplyAsync();
        await using var reading = await OpenAsync();
        await reading.SendAsync("a FETCH 1 BODY.PEEK[]");
        var head = await reading.LineAsync();

        var stopping = server.StopAsync();
        Assert.StartsWith("* BYE", await idle.ImapLineAsync(), StringComparison.Ordinal);
        Assert.StartsWith("421", await waiting.SmtpReplyAsync(), StringComparison.Ordinal);
        // Who reads gets all of what was begun.
        Assert.EndsWith($"{{{large.Length}}}", head, StringComparison.Ordinal);
        Assert.Equal(large, System.Text.Encoding.Latin1.GetString(await reading.OctetsAsync(large.Length)));
        Assert.Equal(")", await reading.LineAsync());

        Assert.Equal(0, await stopping);
        Assert.DoesNotContain(" fail: ", server.Log, StringComparison.Ordinal);

        async Task<MailWire> OpenAsync()
        {
            var wire = await MailWire.ConnectAsync(server.ImapsPort, tls: true);
            await wire.ImapLineAsync();
            await wire.ImapAsync($"LOGIN \"{address}\" \"{password}\"");
            await wire.ImapAsync("SELECT INBOX");
            return wire;
        }
    }
}
