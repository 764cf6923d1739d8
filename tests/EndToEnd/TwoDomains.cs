using System.Text;
using System.Text.Json;
using Merpati.TestKit;
using Merpati.TestKit.Dns;
using Merpati.Tests.EndToEnd.Peers;

namespace Merpati.Tests.EndToEnd;

/// <summary>Two Standalones with domains of their own: mail of one's users reaches the other's, and reports come back.</summary>
public sealed class TwoDomains : IAsyncLifetime
{
    private const string Ann = "ann@here.test";
    private const string Bob = "bob@there.test";

    private readonly string _file = Path.GetTempFileName() + ".json";
    private StandaloneProcess _there = null!;
    private StandaloneProcess _here = null!;
    private DnsTestServer _dns = null!;
    private Correspondent _ann = null!;
    private Correspondent _bob = null!;

    public async Task InitializeAsync()
    {
        _dns = DnsTestServer.Start("""
            there.test MX 10 mx.there.test
            mx.there.test A 127.0.0.1
            null.test MX 0 .
            """);
        _there = await StandaloneProcess.StartAsync("--hostname", "mx.there.test");
        Assert.Equal(0, (await _there.MerpatiAsync(null, "domain", "add", "there.test")).ExitCode);
        _bob = await new Correspondent(_there, Bob).CreateAsync();
        await File.WriteAllTextAsync(_file, JsonSerializer.Serialize(new
        {
            outboundRelay = new { port = _there.SmtpPort, firstRetry = "00:00:01", longestRetry = "00:00:02", gates = new { firstRest = "00:00:01", longestRest = "00:00:02" } },
            dns = new { servers = new[] { _dns.Address } },
            destinations = new { allowPrivateAddresses = true },
            domains = new[] { "here.test" },
        }));
        _here = await StandaloneProcess.StartAsync("--config", _file, "--hostname", "mx.here.test");
        _ann = await new Correspondent(_here, Ann).CreateAsync();
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
            await _ann.SendAsync(Bob, sent);
            var fetched = await _bob.NextAsync(Encoding.ASCII.GetString(sent, sent.AsSpan().IndexOf("Message-ID: <"u8) + 13, 32));
            Assert.True(Mail.AsSent(fetched, sent).AsSpan().SequenceEqual(sent), Encoding.Latin1.GetString(fetched.AsSpan(0, Math.Min(fetched.Length, 2000))));
        }
    }

    [Fact]
    public async Task Who_does_not_exist_there_is_reported_here_and_who_does_gets_the_message()
    {
        var sent = Mail.Simple(Ann, Bob, "mixed");
        await _ann.SendAsync([Bob, "ghost@there.test"], sent);
        var fields = Reports.Of(await _ann.ReportAsync("Final-Recipient: rfc822; ghost@there.test"), "ghost@there.test");
        Assert.Equal("failed", fields["Action"]);
        Assert.Equal("5.1.1", fields["Status"]);
        Assert.Equal("dns; mx.there.test", fields["Remote-MTA"]);
        Assert.StartsWith("smtp; 550 5.1.1", fields["Diagnostic-Code"], StringComparison.Ordinal);
        await _bob.NextAsync("mixed");
    }

    [Theory]
    [InlineData("x@null.test", "5.1.10")]
    [InlineData("x@nowhere.test", "5.1.2")]
    public async Task Where_there_is_nowhere_to_go_the_sender_hears_it(string recipient, string status)
    {
        await _ann.SendAsync(recipient, Mail.Simple(Ann, recipient, "nowhere"));
        Assert.Equal(status, Reports.Of(await _ann.ReportAsync($"Final-Recipient: rfc822; {recipient}"), recipient)["Status"]);
    }

    [Fact]
    public async Task A_server_that_is_away_gets_the_message_when_it_comes_back()
    {
        await _there.KillAsync();
        await _ann.SendAsync(Bob, Mail.Simple(Ann, Bob, "patience"));
        await Until.TrueAsync(async () => (await _here.MerpatiAsync(null, "trace", Ann)).Output.Contains("cannot be reached", StringComparison.Ordinal), () => "it cannot be reached");
        await _there.RestartAsync();
        await _bob.NextAsync("patience");
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
}
