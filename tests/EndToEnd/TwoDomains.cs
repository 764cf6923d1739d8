using System.Net;
using System.Text;
using System.Text.Json;
using MailKit;
using MailKit.Net.Imap;
using MailKit.Net.Smtp;
using MailKit.Security;
using Merpati.TestKit;
using Merpati.TestKit.Dns;
using MimeKit;

namespace Merpati.Tests.EndToEnd;

/// <summary>Two Standalones with domains of their own: mail of one's users reaches the other's, and reports come back.</summary>
public sealed class TwoDomains : IAsyncLifetime
{
    private const string Ann = "ann@here.test";
    private const string Bob = "bob@there.test";
    private const string Password = "open sesame";

    private readonly string _file = Path.GetTempFileName() + ".json";
    private StandaloneProcess _there = null!;
    private StandaloneProcess _here = null!;
    private DnsTestServer _dns = null!;

    public async Task InitializeAsync()
    {
        _dns = DnsTestServer.Start("""
            there.test MX 10 mx.there.test
            mx.there.test A 127.0.0.1
            null.test MX 0 .
            """);
        _there = await StandaloneProcess.StartAsync("--hostname", "mx.there.test");
        Assert.Equal(0, (await _there.MerpatiAsync(null, "domain", "add", "there.test")).ExitCode);
        await _there.AddAccountAsync(Bob, Password);
        await File.WriteAllTextAsync(_file, JsonSerializer.Serialize(new
        {
            outboundRelay = new { port = _there.SmtpPort, firstRetry = "00:00:01", longestRetry = "00:00:02", gates = new { firstRest = "00:00:01", longestRest = "00:00:02" } },
            dns = new { servers = new[] { _dns.Address } },
            destinations = new { allowPrivateAddresses = true },
            domains = new[] { "here.test" },
        }));
        _here = await StandaloneProcess.StartAsync("--config", _file, "--hostname", "mx.here.test");
        await _here.AddAccountAsync(Ann, Password);
    }

    public async Task DisposeAsync()
    {
        await _here.DisposeAsync();
        await _there.DisposeAsync();
        await _dns.DisposeAsync();
        File.Delete(_file);
    }

    [Fact]
    public async Task A_message_crosses_byte_for_byte()
    {
        foreach (var sent in new[] { Mail.Simple(Ann, Bob, "crossing"), Mail.EightBit(Ann, Bob), Mail.WithAttachment(Ann, Bob, 1_000_000) })
        {
            await SendAsync(Bob, sent);
            var fetched = await NextAsync(_there, Bob, Encoding.ASCII.GetString(sent, sent.AsSpan().IndexOf("Message-ID: <"u8) + 13, 32));
            Assert.True(Mail.AsSent(fetched, sent).AsSpan().SequenceEqual(sent), Encoding.Latin1.GetString(fetched.AsSpan(0, Math.Min(fetched.Length, 2000))));
        }
    }

    [Fact]
    public async Task Who_does_not_exist_there_is_reported_here_and_who_does_gets_the_message()
    {
        var sent = Mail.Simple(Ann, Bob, "mixed");
        await SendAsync([Bob, "ghost@there.test"], sent);
        var report = await ReportAsync("ghost@there.test");
        var fields = StatusOf(report);
        Assert.Equal("failed", fields["Action"]);
        Assert.Equal("5.1.1", fields["Status"]);
        Assert.Equal("dns; mx.there.test", fields["Remote-MTA"]);
        Assert.StartsWith("smtp; 550 5.1.1", fields["Diagnostic-Code"], StringComparison.Ordinal);
        await NextAsync(_there, Bob, "mixed");
    }

    [Theory]
    [InlineData("x@null.test", "5.1.10")]
    [InlineData("x@nowhere.test", "5.1.2")]
    public async Task Where_there_is_nowhere_to_go_the_sender_hears_it(string recipient, string status)
    {
        await SendAsync(recipient, Mail.Simple(Ann, recipient, "nowhere"));
        Assert.Equal(status, StatusOf(await ReportAsync(recipient))["Status"]);
    }

    [Fact]
    public async Task A_server_that_is_away_gets_the_message_when_it_comes_back()
    {
        await _there.KillAsync();
        await SendAsync(Bob, Mail.Simple(Ann, Bob, "patience"));
        await UntilAsync(async () => (await _here.MerpatiAsync(null, "trace", Ann)).Output.Contains("cannot be reached", StringComparison.Ordinal));
        await _there.RestartAsync();
        await NextAsync(_there, Bob, "patience");
    }

    [Fact]
    public async Task Strangers_relay_through_nobody()
    {
        await using var smtp = await MailWire.ConnectAsync(_here.SmtpPort);
        await smtp.SmtpReplyAsync();
        await smtp.SmtpAsync("EHLO client.test");
        await smtp.SmtpAsync("MAIL FROM:<stranger@elsewhere.test>");
        foreach (var recipient in new[] { Bob, "bob%there.test@here.test", "\"bob@there.test\"@here.test", "@here.test:bob@there.test" })
            Assert.StartsWith("55", await smtp.SmtpAsync($"RCPT TO:<{recipient}>"), StringComparison.Ordinal);
    }

    private Task SendAsync(string to, byte[] message) => SendAsync([to], message);

    private async Task SendAsync(string[] to, byte[] message)
    {
        await using var smtp = await MailWire.ConnectAsync(_here.SubmissionsPort, tls: true);
        await smtp.SmtpReplyAsync();
        await smtp.SmtpAsync("EHLO client.test");
        Assert.StartsWith("235", await smtp.SmtpAsync("AUTH PLAIN " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{Ann}\0{Password}"))), StringComparison.Ordinal);
        Assert.StartsWith("250", await smtp.SmtpAsync($"MAIL FROM:<{Ann}> BODY=8BITMIME"), StringComparison.Ordinal);
        foreach (var recipient in to) Assert.StartsWith("250", await smtp.SmtpAsync($"RCPT TO:<{recipient}>"), StringComparison.Ordinal);
        Assert.StartsWith("354", await smtp.SmtpAsync("DATA"), StringComparison.Ordinal);
        Assert.StartsWith("250", await smtp.SmtpDataAsync(message), StringComparison.Ordinal);
    }

    /// <summary>The report that speaks of a recipient.</summary>
    private async Task<MimeMessage> ReportAsync(string recipient)
    {
        using var octets = new MemoryStream(await NextAsync(_here, Ann, $"Final-Recipient: rfc822; {recipient}"));
        return await MimeMessage.LoadAsync(octets);
    }

    private static Dictionary<string, string> StatusOf(MimeMessage report)
    {
        var status = report.BodyParts.OfType<MessageDeliveryStatus>().Single();
        return status.StatusGroups[1].ToDictionary(field => field.Field, field => field.Value);
    }

    /// <summary>The first message in INBOX that has the text, once it is there.</summary>
    private static async Task<byte[]> NextAsync(StandaloneProcess server, string account, string text)
    {
        byte[]? found = null;
        await UntilAsync(async () =>
        {
            using var imap = new ImapClient { ServerCertificateValidationCallback = (_, _, _, _) => true };
            await imap.ConnectAsync(IPAddress.Loopback.ToString(), server.ImapsPort, SecureSocketOptions.SslOnConnect);
            await imap.AuthenticateAsync(account, Password);
            await imap.Inbox.OpenAsync(FolderAccess.ReadOnly);
            for (var i = 0; i < imap.Inbox.Count && found is null; i++)
            {
                await using var stream = await imap.Inbox.GetStreamAsync(i);
                using var octets = new MemoryStream();
                await stream.CopyToAsync(octets);
                if (octets.ToArray().AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0) found = octets.ToArray();
            }
            await imap.DisconnectAsync(quit: true);
            return found is not null;
        });
        return found!;
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (!await condition()) await Task.Delay(100, patience.Token);
    }
}
