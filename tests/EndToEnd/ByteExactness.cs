using Merpati.TestKit;

namespace Merpati.Tests.EndToEnd;

/// <summary>What is fetched is what was sent, whatever it is and however it came.</summary>
public abstract class ByteExactness(MailServerFixture merpati)
{
    public static TheoryData<string, int> Messages => new()
    {
        { "simple", 0 }, { "eightbit", 0 }, { "attachment", 100 }, { "attachment", 64 * 1024 }, { "attachment", 3_000_000 }, { "longlines", 0 }, { "headeronly", 0 }, { "attachment", 15_000_000 },
    };

    [Theory]
    [MemberData(nameof(Messages))]
    public async Task A_message_sent_with_DATA_comes_back_over_IMAP_and_POP3_byte_for_byte(string kind, int size)
    {
        var account = await merpati.NewAccountAsync($"bytes-{kind}-{size}");
        var message = kind switch
        {
            "eightbit" => Mail.EightBit("x@elsewhere.test", account.Address),
            "attachment" => Mail.WithAttachment("x@elsewhere.test", account.Address, size),
            "longlines" => [.. Mail.Simple("x@elsewhere.test", account.Address, "long"), .. Enumerable.Repeat((byte)'x', 20_000), (byte)'\r', (byte)'\n'],
            "headeronly" => "Subject: nothing else\r\n"u8.ToArray(),
            _ => Mail.Simple("x@elsewhere.test", account.Address, "simple"),
        };
        Assert.StartsWith("250 2.0.0", await merpati.DeliverAsync(account.Address, message));
        await merpati.WaitForMessagesAsync(account, 1);

        await using var imap = await merpati.ImapAsync(account);
        await imap.ImapAsync("SELECT INBOX");
        var fetched = await imap.ImapFetchLiteralAsync("FETCH 1 BODY.PEEK[]");
        Assert.Equal(message, Mail.AsSent(fetched, message));
        var size822 = (await imap.ImapAsync("FETCH 1 RFC822.SIZE"))[0];
        Assert.Contains($"RFC822.SIZE {fetched.Length})", size822, StringComparison.Ordinal);

        await using var pop3 = await MailWire.ConnectAsync(merpati.Server.Pop3sPort, tls: true);
        await pop3.LineAsync();
        await pop3.SendAsync("USER " + account.Address);
        await pop3.LineAsync();
        await pop3.SendAsync("PASS " + account.Password);
        Assert.StartsWith("+OK", await pop3.LineAsync());
        Assert.Equal(fetched, await pop3.Pop3MultilineAsync("RETR 1"));
    }

    [Fact]
    public async Task A_message_sent_with_BDAT_in_chunks_comes_back_byte_for_byte()
    {
        var account = await merpati.NewAccountAsync("bdat");
        var message = Mail.WithAttachment("x@elsewhere.test", account.Address, 200_000);
        await using var smtp = await MailWire.ConnectAsync(merpati.Server.SmtpPort);
        await smtp.SmtpReplyAsync();
        Assert.Contains("CHUNKING", await smtp.SmtpAsync("EHLO client.test"), StringComparison.Ordinal);
        await smtp.SmtpAsync("MAIL FROM:<x@elsewhere.test>");
        await smtp.SmtpAsync($"RCPT TO:<{account.Address}>");
        for (var at = 0; at < message.Length;)
        {
            var length = Math.Min(33_333, message.Length - at);
            var last = at + length == message.Length ? " LAST" : "";
            await smtp.SendAsync($"BDAT {length}{last}");
            await smtp.SendAsync(message.AsMemory(at, length));
            Assert.StartsWith("250", await smtp.SmtpReplyAsync());
            at += length;
        }
        await merpati.WaitForMessagesAsync(account, 1);
        await using var imap = await merpati.ImapAsync(account);
        await imap.ImapAsync("SELECT INBOX");
        Assert.Equal(message, Mail.AsSent(await imap.ImapFetchLiteralAsync("FETCH 1 BODY.PEEK[]"), message));
        Assert.Equal(message[5..25], Mail.AsSent(await imap.ImapFetchLiteralAsync("FETCH 1 BODY.PEEK[]"), message)[5..25]);
    }

    [Fact]
    public async Task An_SMTPUTF8_message_to_an_internationalised_address_arrives()
    {
        var account = await merpati.NewAccountAsync("grüße");
        var message = System.Text.Encoding.UTF8.GetBytes($"From: пример@elsewhere.test\r\nTo: {account.Address}\r\nSubject: Grüße\r\n\r\nприм\r\n");
        await using var smtp = await MailWire.ConnectAsync(merpati.Server.SmtpPort);
        await smtp.SmtpReplyAsync();
        Assert.Contains("SMTPUTF8", await smtp.SmtpAsync("EHLO client.test"), StringComparison.Ordinal);
        await smtp.SendAsync(System.Text.Encoding.UTF8.GetBytes("MAIL FROM:<пример@elsewhere.test> SMTPUTF8 BODY=8BITMIME\r\n"));
        Assert.StartsWith("250", await smtp.SmtpReplyAsync());
        await smtp.SendAsync(System.Text.Encoding.UTF8.GetBytes($"RCPT TO:<{account.Address}>\r\n"));
        Assert.StartsWith("250", await smtp.SmtpReplyAsync());
        await smtp.SmtpAsync("DATA");
        Assert.StartsWith("250", await smtp.SmtpDataAsync(message));
        await merpati.WaitForEmptyQueueAsync();
        await using var pop3 = await MailWire.ConnectAsync(merpati.Server.Pop3sPort, tls: true);
        await pop3.LineAsync();
        // Without it the header is shown as RFC 6858 has it.
        await pop3.SendAsync("UTF8");
        Assert.StartsWith("+OK", await pop3.LineAsync());
        var login = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"\0{account.Address}\0{account.Password}"));
        await pop3.SendAsync("AUTH PLAIN " + login);
        Assert.StartsWith("+OK", await pop3.LineAsync());
        Assert.Equal(message, Mail.AsSent(await pop3.Pop3MultilineAsync("RETR 1"), message));
    }

    [Theory]
    [InlineData("\n.\n")]
    [InlineData("\n.\r\n")]
    [InlineData("\r.\r\n")]
    [InlineData("\r\n.\n")]
    [InlineData("\r\n.\r")]
    public async Task Only_CRLF_dot_CRLF_ends_a_message(string smuggled)
    {
        await using var smtp = await MailWire.ConnectAsync(merpati.Server.SmtpPort);
        await smtp.SmtpReplyAsync();
        await smtp.SmtpAsync("EHLO client.test");
        await smtp.SmtpAsync("MAIL FROM:<x@elsewhere.test>");
        await smtp.SmtpAsync($"RCPT TO:<{merpati.Ann.Address}>");
        await smtp.SmtpAsync("DATA");
        await smtp.SendAsync(System.Text.Encoding.ASCII.GetBytes($"Subject: smuggle\r\n\r\nbody{smuggled}MAIL FROM:<evil@elsewhere.test>\r\nRCPT TO:<{merpati.Ann.Address}>\r\nDATA\r\nevil\r\n.\r\n"));
        Assert.StartsWith("5", await smtp.SmtpReplyAsync());
        Assert.StartsWith("250", await smtp.SmtpAsync("NOOP"));
    }
}

public sealed class ByteExactnessOfStandalone(StandaloneFixture merpati) : ByteExactness(merpati), IClassFixture<StandaloneFixture>;

[Collection(ClusterCollection.Name)]
public sealed class ByteExactnessOfCluster(ClusterFixture merpati) : ByteExactness(merpati);
