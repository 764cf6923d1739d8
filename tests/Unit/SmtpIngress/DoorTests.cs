using System.Net;
using AwesomeAssertions;
using Merpati.SmtpIngress;
using Merpati.SmtpIngress.Door;
using Merpati.TestKit;
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
    public async Task A_sender_and_a_domain_have_limits_of_their_own()
    {
        await using var fixture = new IngressFixture(("Rates:0:Count", "messages"), ("Rates:0:Per", "senderDomain"), ("Rates:0:Limit", "1"), ("Rates:1:Count", "recipients"), ("Rates:1:Per", "recipientDomain"), ("Rates:1:Limit", "1"));
        await fixture.RunAsync(SmtpRole.Mx, Hello + """
            C: MAIL FROM:<joe@example.org>
            S: 250 2.1.0 Sender OK
            C: RCPT TO:<ann@example.test>
            S: 250 2.1.5 Recipient OK
            C: RCPT TO:<bob@example.test>
            S: 450 4.7.1 Too many recipients for this domain, try again later [rate-recipients-recipient-domain]
            C: RSET
            S: 250 2.0.0 OK
            C: MAIL FROM:<jim@EXAMPLE.org>
            S: 450 4.7.1 Too many messages of the sender's domain, try again later [rate-messages-sender-domain]
            C: MAIL FROM:<>
            S: 250 2.1.0 Sender OK
            """);
    }

    [Fact]
    public async Task Who_used_up_his_octets_waits_with_the_next_message()
    {
        await using var fixture = new IngressFixture(("Rates:0:Count", "octets"), ("Rates:0:Per", "sender"), ("Rates:0:Limit", "10"));
        await fixture.RunAsync(SmtpRole.Mx, Hello + """
            C: MAIL FROM:<joe@example.org>
            S: 250 2.1.0 Sender OK
            C: RCPT TO:<ann@example.test>
            S: 250 2.1.5 Recipient OK
            C: DATA
            S~ 354 .*
            C: Subject: more than ten octets
            C: .
            S~ 250 2\.0\.0 Ok: queued as .*
            C: MAIL FROM:<joe@example.org>
            S: 450 4.7.1 Too many octets of this sender, try again later [rate-octets-sender]
            C: MAIL FROM:<jim@example.org>
            S: 250 2.1.0 Sender OK
            """);
    }

    [Fact]
    public async Task An_account_that_does_more_than_usual_raises_an_alarm_and_is_served()
    {
        await using var fixture = new IngressFixture(("Rates:0:Count", "recipients"), ("Rates:0:Per", "account"), ("Rates:0:Limit", "1"), ("Rates:0:Then", "alarm"));
        await fixture.RunAsync(SmtpRole.Submission, SubmissionTests.Authenticated + """
            C: MAIL FROM:<ann@example.test>
            S: 250 2.1.0 Sender OK
            C: RCPT TO:<ann@example.test>
            S: 250 2.1.5 Recipient OK
            C: RCPT TO:<bob@example.test>
            S: 250 2.1.5 Recipient OK
            C: RCPT TO:<bob@example.org>
            S: 250 2.1.5 Recipient OK
            """, SubmissionTests.InTls);
        fixture.Log.Lines.Should().ContainSingle(line => line.Contains("rate-recipients-account"), "once is enough");
    }

    [Theory]
    [InlineData("connections", "sender", "connections can be counted per network only")]
    [InlineData("octets", "recipientDomain", "per recipientDomain recipients are counted")]
    [InlineData("unknownRecipients", "account", "of strangers only")]
    public void A_rule_that_cannot_be_is_an_error(string count, string per, string why)
    {
        var fixture = () => new IngressFixture(("Rates:0:Count", count), ("Rates:0:Per", per), ("Rates:0:Limit", "1")).Sessions;
        fixture.Should().Throw<Microsoft.Extensions.Options.OptionsValidationException>().WithMessage($"*{why}*");
    }

    [Fact]
    public async Task When_all_clients_seem_to_have_one_address_the_service_is_not_ready_and_says_why()
    {
        await using var fixture = new IngressFixture(("HiddenClientsAfter", "3"));
        fixture.Readiness.Ready();
        var balancer = new TransportSettings { Client = IPEndPoint.Parse("10.0.0.1:1") };
        for (var i = 0; i < 3; i++) await fixture.RunAsync(SmtpRole.Mx, Hello, balancer);
        fixture.Readiness.Reason.Should().BeNull("it may be by chance");
        fixture.Time.Advance(TimeSpan.FromMinutes(10));
        await fixture.RunAsync(SmtpRole.Mx, Hello, balancer);
        fixture.Readiness.Reason.Should().StartWith("All clients of port 25 seem to have the address 10.0.0.1: something hides them.");
        await fixture.RunAsync(SmtpRole.Mx, Hello, Neighbour);
        fixture.Readiness.Reason.Should().BeNull();
    }

    [Theory]
    [InlineData("192.0.2.8:1", "HiddenClientsAfter", "1")]
    [InlineData("10.0.0.1:1", "TrustedNetworks:0", "10.0.0.0/24")]
    [InlineData("10.0.0.1:1", "Checks:ExemptNetworks:0", "10.0.0.1/32")]
    [InlineData("127.0.0.1:1", "HiddenClientsAfter", "1")]
    [InlineData("10.0.0.1:1", "HiddenClientsAfter", "0")]
    public async Task One_client_that_is_no_load_balancer_is_nothing_strange(string client, string key, string value)
    {
        await using var fixture = new IngressFixture(key == "HiddenClientsAfter" ? [(key, value)] : [("HiddenClientsAfter", "1"), (key, value)]);
        fixture.Readiness.Ready();
        for (var i = 0; i < 3; i++)
        {
            await fixture.RunAsync(SmtpRole.Mx, Hello, new TransportSettings { Client = IPEndPoint.Parse(client) });
            fixture.Time.Advance(TimeSpan.FromMinutes(10));
        }
        fixture.Readiness.Reason.Should().BeNull();
    }
}
