using System.Collections.Concurrent;
using AwesomeAssertions;
using Merpati.Mail.Policy;
using Merpati.SmtpIngress;
using Merpati.TestKit.Scanners;
using Microsoft.Extensions.Options;
using Xunit;

namespace Merpati.Tests.Unit.SmtpIngress.Scanners;

/// <summary>Rspamd and one's own scanner over HTTP.</summary>
public sealed class HttpScannerTests
{
    [Fact]
    public async Task Rspamd_is_told_who_sends_it_and_says_what_it_thinks()
    {
        var requests = new ConcurrentQueue<string>();
        using var secret = new TemporaryFile("hush\n");
        await using var rspamd = ScriptedServer.Http(Json("""
            {"action":"add header","score":7.5,"required_score":15,"symbols":{"FUZZY":{"score":5},"BAYES":{"score":2.5}},
             "milter":{"add_headers":{"X-Spam":{"value":"Yes","order":1},"X-Rspamd-Server":"here","X-Two":["a",{"value":"b"}]},"remove_headers":{"X-Spam":0,"X-Old":1}}}
            """), requests);
        await using var fixture = new IngressFixture(ScanFixture.Scanner("Rspamd", rspamd.Url, 0, ("SecretFile", secret.Path)));

        await fixture.SendAsync(header: "X-Spam: No\nSubject: hi\nX-Old: 1\nX-Old: 2\nX-Spam: never");

        requests.Should().ContainSingle().Which.Should().StartWith("POST /checkv2 HTTP/1.1\r\n").And.ContainAll("IP: 192.0.2.7\r\n", "Helo: client.example.org\r\n", "From: joe@example.org\r\n", "Rcpt: ann@example.test\r\n", "Password: hush\r\n")
            .And.EndWith("\r\n\r\nX-Spam: No\r\nSubject: hi\r\nX-Old: 1\r\nX-Old: 2\r\nX-Spam: never\r\n\r\nhello\r\n");
        var facts = fixture.Capsule().Facts;
        (facts.Text(MailFact.RspamdAction), facts.Number(MailFact.RspamdScore), facts.Text(MailFact.ScanAsks)).Should().Be(("add header", 7.5, "junk"));
        facts.List(MailFact.RspamdSymbols).Should().Equal("FUZZY", "BAYES");
        fixture.Message().Should().StartWith("X-Merpati-Verdict: junk; rule=scanner;").And.Contain("X-Merpati-Scan: rspamd=add-header score=7.5\r\n")
            .And.EndWith("X-Spam: Yes\r\nX-Rspamd-Server: here\r\nX-Two: a\r\nX-Two: b\r\nSubject: hi\r\nX-Old: 2\r\n\r\nhello\r\n");
    }

    [Theory]
    [InlineData("no action", ScanFixture.Ok)]
    [InlineData("reject", @"550 5\.7\.1 Message refused by the policy of this server \[scanner\]")]
    [InlineData("soft reject", @"451 4\.7\.1 Message refused for now .* \[scanner\]")]
    [InlineData("greylist", @"451 4\.7\.1 Message refused for now .* \[scanner\]")]
    public async Task What_Rspamd_would_do_happens(string action, string reply)
    {
        await using var rspamd = ScriptedServer.Http(Json($$"""{"action":"{{action}}","score":1}"""));
        await using var fixture = new IngressFixture(ScanFixture.Scanner("Rspamd", rspamd.Url));
        await fixture.SendAsync(reply);
    }

    [Fact]
    public async Task Its_words_to_the_client_go_into_the_reply()
    {
        await using var rspamd = ScriptedServer.Http(Json("""{"action":"soft reject","score":1,"messages":{"smtp_message":"Try again\r\nlater"}}"""));
        await using var fixture = new IngressFixture(ScanFixture.Scanner("Rspamd", rspamd.Url));
        await fixture.SendAsync(@"451 4\.7\.1 Try again\?\?later \[scanner\]");
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nnot JSON!")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 36\r\n\r\n{\"action\":\"no action\",\"score\":1e999}")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"action\":\"no")]
    [InlineData("HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("220 I am no HTTP server\r\n")]
    [InlineData("")]
    public async Task What_is_no_answer_of_Rspamd_means_away(string response)
    {
        await using var rspamd = ScriptedServer.Http(response);
        await using var fixture = new IngressFixture(ScanFixture.Scanner("Rspamd", rspamd.Url));
        await fixture.SendAsync(@"451 4\.3\.0 .* \[scanner\]");
        fixture.Capsule().Facts.List(MailFact.ScanResults).Should().Equal("rspamd=away");
    }

    [Fact]
    public async Task An_endless_answer_means_away()
    {
        await using var rspamd = new ScriptedServer(async (stream, stop) =>
        {
            await ScriptedServer.ReadRequestAsync(stream, stop);
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"u8.ToArray(), stop);
            while (true) await stream.WriteAsync(new byte[64 * 1024], stop);
        });
        await using var fixture = new IngressFixture(ScanFixture.Scanner("Rspamd", rspamd.Url));
        await fixture.SendAsync(@"451 4\.3\.0 .* \[scanner\]");
    }

    [Fact]
    public async Task One_that_hangs_costs_no_more_than_the_budget_of_all()
    {
        await using var rspamd = new ScriptedServer(async (_, stop) => await Task.Delay(Timeout.Infinite, stop));
        await using var fixture = new IngressFixture([("ScanBudget", "00:00:05"), .. ScanFixture.Scanner("Rspamd", rspamd.Url, 0, ("Timeout", "00:05:00"), ("WhenAway", "Accept"))]);
        var begun = fixture.Time.GetUtcNow();
        await fixture.PassTimeAsync(fixture.SendAsync());
        (fixture.Time.GetUtcNow() - begun).Should().BeLessThan(TimeSpan.FromMinutes(2));
    }

    [Fact]
    public async Task An_own_scanner_gets_envelope_and_message_and_its_word_counts()
    {
        var requests = new ConcurrentQueue<string>();
        await using var scanner = ScriptedServer.Http(Json("""{"verdict":"quarantine","score":3.25,"tags":["invoice"],"headers":[{"name":"X-Ours","value":"seen"}]}"""), requests);
        await using var fixture = new IngressFixture(ScanFixture.Scanner("Http", scanner.Url + "/scan?x=1"));

        await fixture.SendAsync();

        requests.Should().ContainSingle().Which.Should().StartWith("POST /scan?x=1 HTTP/1.1\r\n").And.Contain("multipart/form-data; boundary=")
            .And.Contain("\"role\":\"mx\",\"ip\":\"192.0.2.7\",\"helo\":\"client.example.org\",\"tls\":false,\"user\":null,\"sender\":\"joe@example.org\",\"recipients\":[\"ann@example.test\"],\"size\":45}")
            .And.Contain("\r\n\r\nSubject: hi\r\nFrom: joe@example.org\r\n\r\nhello\r\n\r\n--");
        var facts = fixture.Capsule().Facts;
        facts.Number(MailFact.ScanScore).Should().Be(3.25);
        facts.List(MailFact.ScanTags).Should().Equal("invoice");
        fixture.Capsule().Verdict.Action.Should().Be(PolicyAction.Quarantine);
        fixture.Message().Should().EndWith("\r\nX-Ours: seen\r\nSubject: hi\r\nFrom: joe@example.org\r\n\r\nhello\r\n");
        fixture.Contents.Committed.Should().ContainSingle("a field on top changes nothing in the message");
    }

    [Theory]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\n", ScanFixture.Ok)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 39\r\n\r\n{\"verdict\":\"reject\",\"reply\":\"5.6.0 No\"}", @"550 5\.6\.0 No \[scanner\]")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n{\"verdict\":\"burn\"}", @"451 4\.3\.0 .* \[scanner\]")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 22\r\n\r\n{\"verdict\":\"redirect\"}", @"451 4\.3\.0 .* \[scanner\]")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", @"451 4\.3\.0 .* \[scanner\]")]
    public async Task An_own_scanner_answers_in_a_word(string response, string reply)
    {
        await using var scanner = ScriptedServer.Http(response);
        await using var fixture = new IngressFixture(ScanFixture.Scanner("Http", scanner.Url));
        await fixture.SendAsync(reply);
    }

    [Fact]
    public async Task A_field_that_cannot_be_costs_the_field_and_not_the_message()
    {
        await using var scanner = ScriptedServer.Http(Json("""{"headers":[{"name":"X-Bad\r\nX-Worse","value":"x"},{"name":"X-Folded","value":"one\r\nX-Injected: two\r\n\r\nbody"}]}"""));
        await using var fixture = new IngressFixture(ScanFixture.Scanner("Http", scanner.Url));
        await fixture.SendAsync();
        fixture.Message().Should().NotContain("X-Bad").And.Contain("X-Folded: one\r\n\tX-Injected: two\r\n\tbody\r\nSubject: hi\r\n");
    }

    [Fact]
    public async Task Scanners_run_side_by_side_and_the_strongest_wish_holds()
    {
        var both = new TaskCompletionSource();
        var waiting = 0;
        async Task Meet(System.Net.Sockets.NetworkStream stream, string verdict, CancellationToken stop)
        {
            await ScriptedServer.ReadRequestAsync(stream, stop);
            if (Interlocked.Increment(ref waiting) == 2) both.TrySetResult();
            await both.Task.WaitAsync(stop);
            await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(Json($$"""{"verdict":"{{verdict}}"}""")), stop);
        }
        await using var one = new ScriptedServer((stream, stop) => Meet(stream, "junk", stop));
        await using var other = new ScriptedServer((stream, stop) => Meet(stream, "reject", stop));
        await using var fixture = new IngressFixture([.. ScanFixture.Scanner("Http", one.Url), .. ScanFixture.Scanner("Http", other.Url, 1)]);
        await fixture.SendAsync(@"550 5\.7\.1 .* \[scanner\]");
        fixture.Capsule().Facts.List(MailFact.ScanResults).Should().Equal("http=junk", "http1=reject");
    }

    [Theory]
    [InlineData("Rspamd", "inet:127.0.0.1:11333", "is no URL")]
    [InlineData("Clamd", "http://127.0.0.1:3310", "is no address")]
    [InlineData("Milter", "unix:relative", "is no address")]
    public void A_scanner_that_cannot_be_reached_stops_the_start(string kind, string address, string words)
    {
        var start = () => new IngressFixture(ScanFixture.Scanner(kind, address)).Sessions;
        start.Should().Throw<OptionsValidationException>().WithMessage($"*{words}*");
    }

    private static string Json(string json) => $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {json.Length}\r\n\r\n{json}";
}
