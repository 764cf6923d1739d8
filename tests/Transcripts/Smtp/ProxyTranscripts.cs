using System.Net;
using AwesomeAssertions;
using Merpati.Protocols.Smtp;
using Xunit;

namespace Merpati.Tests.Transcripts.Smtp;

/// <summary>XCLIENT and XFORWARD.</summary>
public sealed class ProxyTranscripts : SmtpTranscript
{
    private static readonly IPNetwork[] Everybody = [IPNetwork.Parse("0.0.0.0/0"), IPNetwork.Parse("::/0")];
    private static readonly IPNetwork[] Others = [IPNetwork.Parse("203.0.113.0/24")];

    [Fact]
    public async Task A_trusted_proxy_speaks_for_its_client()
    {
        Options = Options with { XClientNetworks = Everybody, OfferAuth = true, AllowPlaintextAuth = true };
        await RunAsync("""
            S: 220 mail.example.test ESMTP Merpati
            C: EHLO proxy.example.test
            S: 250-mail.example.test greets proxy.example.test
            S: 250-PIPELINING
            S: 250-SIZE 52428800
            S: 250-8BITMIME
            S: 250-SMTPUTF8
            S: 250-CHUNKING
            S: 250-ENHANCEDSTATUSCODES
            S: 250-LIMITS RCPTMAX=1000
            S: 250-XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT
            S: 250-STARTTLS
            S: 250 AUTH SCRAM-SHA-256 PLAIN LOGIN
            C: XCLIENT NAME=client+2Eexample.org ADDR=IPV6:2001:db8::7 PORT=4711 DESTADDR=192.0.2.1 DESTPORT=25 LOGIN=ann@example.test
            S: 220 mail.example.test ESMTP Merpati
            C: MAIL FROM:<joe@example.org>
            S: 503 5.5.1 Send HELO or EHLO first
            C: HELO client.example.org
            S: 250 mail.example.test
            C: XCLIENT NAME=[UNAVAILABLE] ADDR=192.0.2.9
            S: 220 mail.example.test ESMTP Merpati
            """);
        Session.Peers.Should().HaveCount(3);
        var peer = Session.Peers[1];
        peer.RemoteEndPoint.Should().Be(IPEndPoint.Parse("[2001:db8::7]:4711"));
        peer.LocalEndPoint.Should().Be(IPEndPoint.Parse("192.0.2.1:25"));
        peer.Name.Should().Be("client.example.org");
        peer.Account!.Address.ToString().Should().Be("ann@example.test");
        Session.Peers[2].RemoteEndPoint.Should().Be(IPEndPoint.Parse("192.0.2.9:0"));
        Session.Peers[2].Name.Should().BeNull();
        Session.Peers[2].Account.Should().BeNull();
    }

    [Fact]
    public async Task A_proxy_may_have_taken_the_hello()
    {
        Options = Options with { XClientNetworks = Everybody };
        await RunAsync("""
            S: 220 mail.example.test ESMTP Merpati
            C: XCLIENT ADDR=192.0.2.9 PROTO=ESMTP HELO=client.example.org
            S: 220 mail.example.test ESMTP Merpati
            C: MAIL FROM:<joe@example.org>
            S: 250 2.1.0 Sender OK
            C: RCPT TO:<ann@example.test>
            S: 250 2.1.5 Recipient OK
            C: DATA
            S: 354 Start mail input; end with <CRLF>.<CRLF>
            C: .
            S: 250 2.0.0 Ok: taken
            """);
        var peer = Session.Messages.Should().ContainSingle().Which.Peer;
        (peer.Hello, peer.Esmtp, peer.RemoteEndPoint.Address).Should().Be(("client.example.org", true, IPAddress.Parse("192.0.2.9")));
    }

    [Fact]
    public async Task A_client_that_is_refused_behind_its_proxy_is_gone()
    {
        Options = Options with { XClientNetworks = Everybody };
        await using var transcript = Start();
        await transcript.RunAsync("S: 220 mail.example.test ESMTP Merpati");
        Session.Greeting = new SmtpReply(554, "5.7.1", "Not you");
        await transcript.RunAsync("""
            C: XCLIENT ADDR=192.0.2.9
            S: 554 5.7.1 Not you
            * closed
            """);
    }

    [Theory]
    [InlineData("XCLIENT", "501 5.5.4 Syntax: XCLIENT name=value ...")]
    [InlineData("XCLIENT ADDR", "501 5.5.4 Syntax: XCLIENT name=value ...")]
    [InlineData("XCLIENT ADDR=", "501 5.5.4 Syntax: XCLIENT name=value ...")]
    [InlineData("XCLIENT ADDR=example.org", "501 5.5.4 Syntax: XCLIENT name=value ...")]
    [InlineData("XCLIENT ADDR=192.0.2.1 ADDR=192.0.2.2", "501 5.5.4 Syntax: XCLIENT name=value ...")]
    [InlineData("XCLIENT PORT=65536", "501 5.5.4 Syntax: XCLIENT name=value ...")]
    [InlineData("XCLIENT PROTO=LMTP", "501 5.5.4 Syntax: XCLIENT name=value ...")]
    [InlineData("XCLIENT NAME=a+0D+0Ab", "501 5.5.4 Syntax: XCLIENT name=value ...")]
    [InlineData("XCLIENT HELO=a..b", "501 5.5.4 Syntax: XCLIENT name=value ...")]
    [InlineData("XCLIENT COLOUR=red", "501 5.5.4 Syntax: XCLIENT name=value ...")]
    [InlineData("XCLIENT LOGIN=nobody@example.test", "550 5.7.8 No such login")]
    [InlineData("XFORWARD", "501 5.5.4 Syntax: XFORWARD name=value ...")]
    [InlineData("XFORWARD LOGIN=ann", "501 5.5.4 Syntax: XFORWARD name=value ...")]
    [InlineData("XFORWARD NAME=a+0", "501 5.5.4 Syntax: XFORWARD name=value ...")]
    public async Task What_a_proxy_says_must_make_sense(string command, string reply)
    {
        Options = Options with { XClientNetworks = Everybody, XForwardNetworks = Everybody };
        await RunAsync(Hello + $"""
            C: {command}
            S: {reply}
            C: NOOP
            S: 250 2.0.0 OK
            """);
    }

    [Fact]
    public async Task Strangers_are_told_no_and_where_nobody_is_trusted_there_is_no_such_command()
    {
        await RunAsync(Hello + """
            C: XCLIENT ADDR=192.0.2.9
            S: 502 5.5.1 Command not implemented
            C: XFORWARD ADDR=192.0.2.9
            S: 502 5.5.1 Command not implemented
            """);
        Options = Options with { XClientNetworks = Others, XForwardNetworks = Others };
        await RunAsync(Hello + """
            C: XCLIENT ADDR=192.0.2.9
            S: 550 5.7.1 Not from your address
            C: XFORWARD ADDR=192.0.2.9
            S: 550 5.7.1 Not from your address
            """);
    }

    [Fact]
    public async Task Neither_comes_within_a_transaction()
    {
        Options = Options with { XClientNetworks = Everybody, XForwardNetworks = Everybody };
        await RunAsync(Recipient + """
            C: XCLIENT ADDR=192.0.2.9
            S: 503 5.5.1 Not during a mail transaction
            C: XFORWARD ADDR=192.0.2.9
            S: 503 5.5.1 Not during a mail transaction
            """);
    }

    [Fact]
    public async Task Whose_message_is_passed_on_holds_for_one_transaction()
    {
        Options = Options with { XForwardNetworks = Everybody };
        const string Message = """
            C: MAIL FROM:<joe@example.org>
            S: 250 2.1.0 Sender OK
            C: RCPT TO:<ann@example.test>
            S: 250 2.1.5 Recipient OK
            C: DATA
            S: 354 Start mail input; end with <CRLF>.<CRLF>
            C: .
            S: 250 2.0.0 Ok: taken

            """;
        await RunAsync(Hello + """
            C: XFORWARD NAME=client.example.org ADDR=192.0.2.9
            S: 250 2.0.0 OK
            C: XFORWARD HELO=[UNAVAILABLE] PROTO=ESMTP IDENT=4F1 SOURCE=REMOTE
            S: 250 2.0.0 OK

            """ + Message + Message);
        Session.Messages[0].Peer.Forwarded.Should().Be(new ForwardedClient("client.example.org", "192.0.2.9", null, null, "ESMTP", "4F1", "REMOTE"));
        Session.Messages[1].Peer.Forwarded.Should().BeNull();
    }
}
