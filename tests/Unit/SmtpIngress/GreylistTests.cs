using System.Net;
using AwesomeAssertions;
using Merpati.SmtpIngress;
using Merpati.TestKit;
using Xunit;

namespace Merpati.Tests.Unit.SmtpIngress;

public sealed class GreylistTests : IAsyncDisposable
{
    private readonly IngressFixture _fixture = new(("Greylist:Enabled", "true"), ("Greylist:AllowAfter", "2"));

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Fact]
    public async Task Who_sends_for_the_first_time_has_to_come_again_and_not_at_once()
    {
        await IsPutOffAsync("joe@example.org", "ann@example.test", seconds: 300);
        _fixture.Time.Advance(TimeSpan.FromMinutes(4));
        await IsPutOffAsync("joe@example.org", "ann@example.test", seconds: 60);
        _fixture.Time.Advance(TimeSpan.FromMinutes(1));
        await ComesInAsync("joe@example.org", "ann@example.test");
        await ComesInAsync("JOE@example.org", "Ann@example.test");
        await IsPutOffAsync("jim@example.org", "ann@example.test", seconds: 300);
        _fixture.Log.Lines.Should().Contain(line => line.Contains("greylisted"));
    }

    [Fact]
    public async Task Who_comes_again_after_days_is_new_and_who_came_again_is_known_for_a_month()
    {
        await IsPutOffAsync("joe@example.org", "ann@example.test", seconds: 300);
        _fixture.Time.Advance(TimeSpan.FromDays(3));
        await IsPutOffAsync("joe@example.org", "ann@example.test", seconds: 300);
        _fixture.Time.Advance(TimeSpan.FromMinutes(5));
        await ComesInAsync("joe@example.org", "ann@example.test");
        _fixture.Time.Advance(TimeSpan.FromDays(34));
        await ComesInAsync("joe@example.org", "ann@example.test");
        _fixture.Time.Advance(TimeSpan.FromDays(2));
        await IsPutOffAsync("joe@example.org", "ann@example.test", seconds: 300);
    }

    [Fact]
    public async Task A_network_that_came_again_waits_no_more()
    {
        foreach (var sender in new[] { "a@example.org", "b@example.org" }) await IsPutOffAsync(sender, "ann@example.test", seconds: 300);
        _fixture.Time.Advance(TimeSpan.FromMinutes(5));
        foreach (var sender in new[] { "a@example.org", "b@example.org" }) await ComesInAsync(sender, "ann@example.test", "192.0.2.99:1");
        await ComesInAsync("c@example.org", "bob@example.test");
        await IsPutOffAsync("d@example.org", "bob@example.test", seconds: 300, "198.51.100.1:1");
    }

    [Fact]
    public async Task A_domain_with_spf_waits_once_for_all_its_servers()
    {
        _fixture.Dns.Load("big.example. TXT \"v=spf1 ip4:203.0.113.0/24 ip4:198.51.100.0/24 -all\"");
        await IsPutOffAsync("joe@big.example", "ann@example.test", seconds: 300, "203.0.113.1:1");
        _fixture.Time.Advance(TimeSpan.FromMinutes(5));
        await ComesInAsync("joe@big.example", "ann@example.test", "198.51.100.77:1");
        await IsPutOffAsync("joe@big.example", "ann@example.test", seconds: 300, "192.0.2.1:1");
    }

    [Fact]
    public async Task Postmaster_and_trusted_networks_and_our_users_do_not_wait()
    {
        _fixture.Directory.AddAlias("postmaster@example.test", "ann@example.test");
        await ComesInAsync("joe@example.org", "postmaster@example.test");
        await ComesInAsync("joe@example.org", "ann@example.test", "10.1.2.3:1");
        await _fixture.RunAsync(SmtpRole.Mx, Script("joe@example.org", "nobody@example.test", "550 5.1.1 No such user here"));
    }

    [Fact]
    public async Task A_dns_that_does_not_answer_holds_nobody_longer_than_its_budget()
    {
        _fixture.Dns.Hang();
        var waiting = _fixture.RunAsync(SmtpRole.Mx, Script("joe@example.org", "ann@example.test", @"450 4.7.1 Greylisted, try again in 300 seconds [greylisted]"));
        while (!waiting.IsCompleted)
        {
            _fixture.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(waiting, Task.Delay(20));
        }
        await waiting;
    }

    private Task ComesInAsync(string sender, string recipient, string client = "192.0.2.7:4711") => RunAsync(sender, recipient, "250 2.1.5 Recipient OK", client);

    private Task IsPutOffAsync(string sender, string recipient, int seconds, string client = "192.0.2.7:4711")
        => RunAsync(sender, recipient, $"450 4.7.1 Greylisted, try again in {seconds} seconds [greylisted]", client);

    private Task RunAsync(string sender, string recipient, string reply, string client) => _fixture.RunAsync(SmtpRole.Mx, Script(sender, recipient, reply), new TransportSettings { Client = IPEndPoint.Parse(client) });

    private static string Script(string sender, string recipient, string reply) => $"""
        S~ 220 .*
        C: HELO client.example.org
        S: 250 mail.example.test
        C: MAIL FROM:<{sender}>
        S: 250 2.1.0 Sender OK
        C: RCPT TO:<{recipient}>
        S: {reply}
        """;
}
