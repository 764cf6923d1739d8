using System.Text;
using Merpati.TestKit;

namespace Merpati.Tests.Faults;

/// <summary>One octet on the disk changes while nobody looks. The message it belongs to is lost and says so; every other is not.</summary>
public sealed class DamageTest
{
    [Theory]
    [InlineData(20)] // a row of its own
    [InlineData(4000)] // chunks
    public async Task A_damaged_content_fails_alone(int lines)
    {
        await using var server = await StandaloneProcess.StartAsync();
        var account = server.Accounts[0];
        await using (var imap = await OpenAsync(server, account))
        {
            for (var number = 1; number <= 5; number++)
            {
                var message = MessageOf(number, lines);
                Assert.StartsWith("OK", (await imap.ImapAsync($"APPEND INBOX {{{message.Length}+}}\r\n{message}"))[^1], StringComparison.Ordinal);
            }
        }
        Assert.Equal(0, await server.StopAsync());

        var file = Path.Combine(server.Data, "content.db");
        var octets = await File.ReadAllBytesAsync(file);
        var at = octets.AsSpan().IndexOf("line 7 of message 3"u8);
        Assert.True(at > 0, "the content is not in the file as it is");
        octets[at + 5] ^= 0x40;
        await File.WriteAllBytesAsync(file, octets);

        await server.RestartAsync();
        await using var reader = await OpenAsync(server, account);
        for (var number = 1; number <= 5; number++)
        {
            if (number != 3)
            {
                Assert.Equal(MessageOf(number, lines), Encoding.Latin1.GetString(await reader.ImapFetchLiteralAsync($"FETCH {number} BODY.PEEK[]")));
                continue;
            }
            if (lines < 100) Assert.StartsWith("NO [CORRUPTION]", (await reader.ImapAsync("FETCH 3 BODY.PEEK[]"))[^1], StringComparison.Ordinal);
            // What is kept of it elsewhere is whole, and one bad message does not spoil a list.
            Assert.Contains("number 3", (await reader.ImapAsync("FETCH 3 ENVELOPE"))[0], StringComparison.Ordinal);
        }
        // Whatever was sent before the damage was found, the client is never told that the message is complete.
        await using var pop3 = await MailWire.ConnectAsync(server.Pop3sPort, tls: true);
        await pop3.LineAsync();
        await pop3.SendAsync($"USER {account.Address}");
        await pop3.LineAsync();
        await pop3.SendAsync($"PASS {account.Password}");
        await pop3.LineAsync();
        await pop3.SendAsync("RETR 3");
        var told = new List<string>();
        while (await pop3.LineAsync() is { } line)
        {
            told.Add(line);
            if (line == "." || line.StartsWith("-ERR", StringComparison.Ordinal)) break;
        }
        Assert.NotEqual(".", told[^1]);
        await server.LogsAsync("damaged");
    }

    private static async Task<MailWire> OpenAsync(StandaloneProcess server, (string Address, string Password) account)
    {
        var imap = await MailWire.ConnectAsync(server.ImapsPort, tls: true);
        await imap.ImapLineAsync();
        await imap.ImapAsync($"LOGIN \"{account.Address}\" \"{account.Password}\"");
        Assert.StartsWith("OK", (await imap.ImapAsync("SELECT INBOX"))[^1], StringComparison.Ordinal);
        return imap;
    }

    private static string MessageOf(int number, int lines)
        => $"Subject: number {number}\r\n\r\n" + string.Concat(Enumerable.Range(0, lines).Select(line => $"line {line} of message {number}, which is all there is to it\r\n"));
}
