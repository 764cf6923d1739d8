using System.Net;
using AwesomeAssertions;
using Merpati.SmtpIngress;
using Merpati.SmtpIngress.Door;
using Merpati.TestKit;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Merpati.Tests.Unit.SmtpIngress;

public sealed class DoorTests
{
    private const string Hello = """
        S~ 220 .*
        C: HELO client.example.org
        S: 250 mail.example.test

        """;

    private const string Refused = """
        S: 421 4.7.0 Too many connections from your network, try again later [rate-connections]
        * closed
        """;

    private static readonly TransportSettings Neighbour = new() { Client = IPEndPoint.Parse("192.0.2.8:4711") };

    [Fact]
    public async Task Too_many_connections_of_one_address_have_to_come_back_and_others_get_in()
    {
        await using var fixture = new IngressFixture(("ConnectionsPerMinute", "2"));
        await fixture.RunAsync(SmtpRole.Mx, Hello);
        await fixture.RunAsync(SmtpRole.Submission, Hello);
        await fixture.RunAsync(SmtpRole.Mx, Refused);
        await fixture.RunAsync(SmtpRole.Mx, Hello, Neighbour);
        fixture.Time.Advance(TimeSpan.FromSeconds(30));
        await fixture.RunAsync(SmtpRole.Mx, Hello);
        await fixture.RunAsync(SmtpRole.Mx, Refused);
    }

    [Theory]
    [InlineData("127.0.0.1:1", "")]
    [InlineData("10.1.2.3:1", "")]
    [InlineData("[fd00::1]:1", "")]
    [InlineData("198.51.100.7:1", "198.51.100.0/24")]
    public async Task Trusted_networks_are_never_limited(string client, string trusted)
    {
        await using var fixture = new IngressFixture(trusted.Length == 0 ? [("ConnectionsPerMinute", "1")] : [("ConnectionsPerMinute", "1"), ("TrustedNetworks:0", trusted)]);
        for (var i = 0; i < 3; i++) await fixture.RunAsync(SmtpRole.Mx, Hello, new TransportSettings { Client = IPEndPoint.Parse(client) });
    }

    [Fact]
    public async Task An_ipv6_client_counts_by_its_network()
    {
        await using var fixture = new IngressFixture(("ConnectionsPerMinute", "1"));
        await fixture.RunAsync(SmtpRole.Mx, Hello, new TransportSettings { Client = IPEndPoint.Parse("[2001:db8:1:2::1]:1") });
        await fixture.RunAsync(SmtpRole.Mx, Refused, new TransportSettings { Client = IPEndPoint.Parse("[2001:db8:1:2:ffff::2]:1") });
        await fixture.RunAsync(SmtpRole.Mx, Hello, new TransportSettings { Client = IPEndPoint.Parse("[2001:db8:1:3::1]:1") });
    }

    [Fact]
    public async Task Messages_and_recipients_have_their_measure()
    {
        await using var fixture = new IngressFixture(("MessagesPerMinute", "1"), ("RecipientsPerMinute", "1"));
        await fixture.RunAsync(SmtpRole.Mx, Hello + """
            C: MAIL FROM:<joe@example.org>
            S: 250 2.1.0 Sender OK
            C: RCPT TO:<ann@example.test>
            S: 250 2.1.5 Recipient OK
            C: RCPT TO:<bob@example.test>
            S: 450 4.7.1 Too many recipients from your network, try again later [rate-recipients]
            C: RSET
            S: 250 2.0.0 OK
            C: MAIL FROM:<joe@example.org>
            S: 450 4.7.1 Too many messages from your network, try again later [rate-messages]
            """);
    }

    [Fact]
    public async Task Who_guesses_recipients_learns_nothing_more()
    {
        await using var fixture = new IngressFixture(("UnknownRecipientsPerMinute", "2"));
        await fixture.RunAsync(SmtpRole.Mx, Hello + """
            C: MAIL FROM:<joe@example.org>
            S: 250 2.1.0 Sender OK
            C: RCPT TO:<a@example.test>
            S: 550 5.1.1 No such user here
            C: RCPT TO:<ann@example.test>
            S: 250 2.1.5 Recipient OK
            C: RCPT TO:<b@example.test>
            S: 550 5.1.1 No such user here
            C: RCPT TO:<ann@example.test>
            S: 421 4.7.1 Too many recipients that do not exist, try again later [rate-unknown-recipients]
            * closed
            """);
    }

    [Fact]
    public async Task Who_speaks_before_the_greeting_is_turned_away()
    {
        await using var fixture = new IngressFixture(("GreetDelay", "00:00:02"));
        await fixture.RunAsync(SmtpRole.Mx, """
            C: EHLO client.example.org
            S: 554 5.5.1 You spoke before the greeting [early-talker]
            * closed
            """);
    }

    [Fact]
    public async Task Who_waits_is_greeted_after_the_delay()
    {
        await using var fixture = new IngressFixture(("GreetDelay", "00:00:02"));
        await using var transcript = new Transcript((transport, lifetime) => fixture.Sessions.RunAsync(transport, SmtpRole.Mx, lifetime), settings: null, fixture.Time);
        transcript.Client(); // the delay begins with the connection
        await transcript.RunAsync("""
            * advance 0:02
            S: 220 mail.example.test ESMTP Merpati
            C: HELO client.example.org
            S: 250 mail.example.test
            """);
    }

    [Fact]
    public async Task A_bucket_fills_up_again_and_never_beyond_its_measure()
    {
        var time = new FakeTimeProvider();
        var buckets = new MemoryRateBuckets(time);
        var key = new RateKey(RateKind.Messages, 1);
        var limit = new RateLimit(2, TimeSpan.FromMinutes(1));
        (await TakeAsync(1)).Should().BeNull();
        (await TakeAsync(1)).Should().BeNull();
        (await TakeAsync(1)).Should().Be(TimeSpan.FromSeconds(30));
        (await TakeAsync(0)).Should().Be(TimeSpan.FromSeconds(30), "there is none");
        time.Advance(TimeSpan.FromHours(1));
        (await TakeAsync(0)).Should().BeNull("asking takes none");
        (await TakeAsync(2)).Should().BeNull();
        (await TakeAsync(1)).Should().NotBeNull();
        time.Advance(TimeSpan.FromHours(1));
        (await TakeAsync(5)).Should().BeNull("more than it holds is paid by all that it has");
        (await TakeAsync(1)).Should().NotBeNull();

        ValueTask<TimeSpan?> TakeAsync(int tokens) => buckets.TakeAsync(key, limit, tokens, CancellationToken.None);
    }
}
