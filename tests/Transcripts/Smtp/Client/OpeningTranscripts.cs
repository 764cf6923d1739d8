using AwesomeAssertions;
using Merpati.Protocols.Smtp.Client;
using Merpati.Relaying;
using Merpati.TestKit;
using Xunit;

namespace Merpati.Tests.Transcripts.Smtp.Client;

/// <summary>Greeting, EHLO and STARTTLS from the client's side (RFC 5321 §3.1 and §3.2, RFC 3207).</summary>
public sealed class OpeningTranscripts : SmtpClientTranscript
{
    private const string OffersTls = """
        S: 220 mx.example.com ESMTP
        C: EHLO relay.example.org
        S: 250-mx.example.com
        S: 250-CHUNKING
        S: 250 STARTTLS
        C: STARTTLS

        """;

    [Fact]
    public async Task Capabilities_are_read_whatever_their_case_and_whatever_else_is_there()
    {
        var ready = (OpenOutcome.Ready)await OpenAsync("""
            S: 220-mx.example.com ESMTP
            S: 220 we do not relay
            C: EHLO relay.example.org
            S: 250-mx.example.com greets you
            S: 250-pipelining
            S: 250-Size 52428800
            S: 250-8BITMIME
            S: 250-AUTH=LOGIN
            S: 250-AUTH PLAIN scram-sha-256
            S: 250-DELIVERBY 240
            S: 250-MT-PRIORITY MIXER
            S: 250-XVERP
            S: 250-
            S: 250 help
            """);
        ready.Capabilities.Should().BeEquivalentTo(new SmtpCapabilities
        {
            Pipelining = true, EightBitMime = true, Size = true, MaxSize = 52428800, DeliverBy = true, DeliverByMinimum = TimeSpan.FromMinutes(4), MtPriority = true,
            Auth = new HashSet<string> { "LOGIN", "PLAIN", "SCRAM-SHA-256" },
        });
        ready.Tls.Should().BeNull();
    }

    [Fact]
    public async Task A_server_without_EHLO_is_greeted_with_HELO()
        => (await OpenAsync(Old)).Should().BeOfType<OpenOutcome.Ready>().Which.Capabilities.Should().Be(SmtpCapabilities.None);

    [Fact]
    public async Task A_server_that_is_busy_is_not_greeted_twice()
        => (await OpenAsync("""
            S: 220 mx.example.com ESMTP
            C: EHLO relay.example.org
            S: 451 4.3.0 not now
            C: QUIT
            S: 221 bye
            * closed
            """)).Should().BeOfType<OpenOutcome.Refused>().Which.Should().Match<OpenOutcome.Refused>(refused => refused.Stage == SmtpStage.Hello && refused.Reply.Enhanced == "4.3.0");

    [Theory]
    [InlineData("554 5.7.1 no", true)]
    [InlineData("450 later", false)]
    public async Task A_greeting_may_be_a_refusal(string greeting, bool permanent)
    {
        var refused = (OpenOutcome.Refused)await OpenAsync($"""
            S: {greeting}
            C: QUIT
            S: 221 bye
            * closed
            """);
        refused.Stage.Should().Be(SmtpStage.Greeting);
        refused.Reply.ToString().Should().Be(greeting);
        refused.Reply.IsPermanent.Should().Be(permanent);
    }

    [Theory]
    [InlineData("S: 421 4.3.2 busy", SmtpStage.Greeting)]
    [InlineData("S: 220 hello\nC: EHLO relay.example.org\nS: 421 4.3.2 busy", SmtpStage.Hello)]
    [InlineData("S: 220 hello\nC: EHLO relay.example.org\nS: 502 no\nC: HELO relay.example.org\nS: 421 4.3.2 busy", SmtpStage.Hello)]
    [InlineData("S: 220 hello\nC: EHLO relay.example.org\nS: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nS: 421 4.3.2 busy", SmtpStage.StartTls)]
    public async Task A_server_that_leaves_is_left(string script, SmtpStage stage)
    {
        Policy = new TlsPolicy.Opportunistic();
        (await OpenAsync(script + "\n* closed")).Should().BeOfType<OpenOutcome.Refused>().Which.Should().Match<OpenOutcome.Refused>(refused => refused.Stage == stage && refused.Reply.Code == 421);
    }

    [Theory]
    [InlineData("S: hello there")]
    [InlineData("S: 99 bottles")]
    [InlineData("S: 250+no")]
    [InlineData("S: 120 wait")]
    [InlineData("S: 620 what")]
    [InlineData("S: 354 go on")]
    [InlineData("S: 221 bye")]
    [InlineData("S: HTTP/1.1 400 Bad Request")]
    [InlineData(@"S> \xff\xfe\x00\r\n")]
    public async Task What_is_no_greeting_ends_the_connection(string greeting)
        => (await OpenAsync(greeting + "\n* closed")).Should().BeOfType<OpenOutcome.Lost>().Which.Loss.Should().Match<ConnectionLoss>(loss => loss.Stage == SmtpStage.Greeting && loss.Reason == LossReason.Malformed);

    [Theory]
    [InlineData("* close")]
    [InlineData("S> 220 he\n* close")]
    [InlineData("S: 220-hello\n* close")]
    public async Task A_server_that_closes_is_lost(string script)
        => (await OpenAsync(script)).Should().BeOfType<OpenOutcome.Lost>().Which.Loss.Reason.Should().Be(LossReason.Closed);

    [Fact]
    public async Task A_server_that_says_nothing_is_given_up()
    {
        Options = Options with { GreetingTimeout = TimeSpan.FromMilliseconds(50) };
        (await OpenAsync("* closed")).Should().BeOfType<OpenOutcome.Lost>().Which.Loss.Reason.Should().Be(LossReason.TimedOut);
    }

    [Fact]
    public async Task Bare_line_feeds_and_lines_without_text_are_tolerated()
        => (await OpenAsync("""
            S> 220\n
            C: EHLO relay.example.org
            S> 250-\n250\n
            """)).Should().BeOfType<OpenOutcome.Ready>();

    [Fact]
    public async Task After_STARTTLS_nothing_that_was_said_in_the_clear_counts()
    {
        Policy = new TlsPolicy.Opportunistic();
        var ready = (OpenOutcome.Ready)await OpenAsync(OffersTls + """
            S> 220 go ahead\r\n250-PIPELINING\r\n250 AUTH PLAIN\r\n
            * starttls
            C: EHLO relay.example.org
            S: 250-mx.example.com
            S: 250 8BITMIME
            """);
        ready.Capabilities.Should().BeEquivalentTo(new SmtpCapabilities { EightBitMime = true });
        ready.Tls!.Details.Should().Be(TransportSettings.FakeTls);
        ready.ClearBecause.Should().BeNull();
    }

    [Fact]
    public async Task TLS_that_is_not_offered_is_no_obstacle_where_it_is_not_needed()
    {
        Policy = new TlsPolicy.Opportunistic();
        (await OpenAsync(Usual)).Should().BeOfType<OpenOutcome.Ready>().Which.ClearBecause!.Type.Should().Be(TlsFailure.StartTlsNotSupported);
    }

    [Fact]
    public async Task TLS_that_is_refused_is_no_obstacle_where_it_is_not_needed()
    {
        Policy = new TlsPolicy.Opportunistic();
        var ready = (OpenOutcome.Ready)await OpenAsync(OffersTls + "S: 454 4.7.0 not available");
        ready.ClearBecause!.Detail.Should().Contain("454 4.7.0");
        ready.Capabilities.Chunking.Should().BeTrue();
    }

    [Fact]
    public async Task TLS_that_is_not_wanted_is_not_asked_for()
        => (await OpenAsync("""
            S: 220 mx.example.com ESMTP
            C: EHLO relay.example.org
            S: 250-mx.example.com
            S: 250 STARTTLS
            """)).Should().BeOfType<OpenOutcome.Ready>().Which.ClearBecause.Should().BeNull();

    public static TheoryData<TlsPolicy> Insisting => [new TlsPolicy.Encrypt(), new TlsPolicy.Verified(["mx.example.com"]), new TlsPolicy.Dane([new TlsaRecord(3, 1, 1, new byte[32])], ["mx.example.com"])];

    [Theory]
    [MemberData(nameof(Insisting))]
    public async Task A_policy_that_insists_gets_TLS_or_nothing(TlsPolicy policy)
    {
        Policy = policy;
        foreach (var script in new[] { Usual, Old, OffersTls + "S: 454 4.7.0 not available", OffersTls + "S: 502 no" })
        {
            var failed = (await OpenAsync(script + "\n* closed")).Should().BeOfType<OpenOutcome.TlsFailed>().Subject;
            failed.Fault.Type.Should().Be(TlsFailure.StartTlsNotSupported);
            failed.TryInClear.Should().BeFalse();
        }
    }

    [Fact]
    public async Task A_handshake_that_fails_may_be_done_without_only_where_TLS_is_optional()
    {
        Handshake = new TlsFault(TlsFailure.CertificateExpired, "too old");
        foreach (var policy in new TlsPolicy[] { new TlsPolicy.Opportunistic(), new TlsPolicy.Encrypt() })
        {
            Policy = policy;
            (await OpenAsync(OffersTls + "S: 220 go ahead\n* closed")).Should().Be(new OpenOutcome.TlsFailed(Handshake, null, policy is TlsPolicy.Opportunistic));
        }
    }

    [Fact]
    public async Task A_server_that_closes_after_the_handshake_has_broken_TLS()
    {
        Policy = new TlsPolicy.Opportunistic();
        (await OpenAsync(OffersTls + """
            S: 220 go ahead
            * starttls
            C: EHLO relay.example.org
            * close
            """)).Should().BeOfType<OpenOutcome.TlsFailed>().Which.TryInClear.Should().BeTrue();
    }

    [Fact]
    public async Task With_implicit_TLS_the_handshake_comes_first()
    {
        Policy = new TlsPolicy.Encrypt();
        Options = Options with { ImplicitTls = true };
        (await OpenAsync("* starttls\n" + Usual)).Should().BeOfType<OpenOutcome.Ready>().Which.Tls.Should().NotBeNull();
    }

    [Fact]
    public async Task LMTP_says_LHLO_and_nothing_else()
    {
        Options = Options with { Lmtp = true };
        (await OpenAsync("""
            S: 220 mx.example.com LMTP
            C: LHLO relay.example.org
            S: 500 what?
            C: QUIT
            S: 221 bye
            * closed
            """)).Should().BeOfType<OpenOutcome.Refused>();
    }
}
