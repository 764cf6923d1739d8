using AwesomeAssertions;
using Merpati.Envelopes;
using Xunit;

namespace Merpati.Tests.Transcripts.Smtp;

public sealed class ExtensionTranscripts : SmtpTranscript
{
    private const string Take = """
        C: RCPT TO:<ann@example.test>
        S: 250 2.1.5 Recipient OK
        C: DATA
        S: 354 Start mail input; end with <CRLF>.<CRLF>
        C: .
        S: 250 2.0.0 Ok: taken

        """;

    private Envelope Taken => Session.Messages.Should().ContainSingle().Which.Envelope;

    [Fact]
    public async Task Ehlo_lists_the_extensions_that_are_on()
    {
        Options = Options with { OfferBinaryMime = true, AdvertiseDsn = true, OfferRequireTls = true, MaxPriority = 4, MaxHold = TimeSpan.FromDays(7), OfferDeliverBy = true, MaxMessages = 100, MaxRecipientDomains = 20 };
        await RunAsync("""
            S: 220 mail.example.test ESMTP Merpati
            C: EHLO client.example.org
            S: 250-mail.example.test greets client.example.org
            S: 250-PIPELINING
            S: 250-SIZE 52428800
            S: 250-8BITMIME
            S: 250-SMTPUTF8
            S: 250-CHUNKING
            S: 250-BINARYMIME
            S: 250-ENHANCEDSTATUSCODES
            S: 250-DSN
            S: 250-MT-PRIORITY
            S: 250-FUTURERELEASE 604800 2026-12-01T12:00:00Z
            S: 250-DELIVERBY
            S: 250-LIMITS RCPTMAX=1000 MAILMAX=100 RCPTDOMAINMAX=20
            S: 250 STARTTLS
            C: MAIL FROM:<joe@example.org> REQUIRETLS
            S: 555 5.5.4 Parameter REQUIRETLS is not supported
            C: STARTTLS
            S: 220 2.0.0 Ready to start TLS
            * starttls
            C: EHLO client.example.org
            S: 250-mail.example.test greets client.example.org
            S: 250-PIPELINING
            S: 250-SIZE 52428800
            S: 250-8BITMIME
            S: 250-SMTPUTF8
            S: 250-CHUNKING
            S: 250-BINARYMIME
            S: 250-ENHANCEDSTATUSCODES
            S: 250-DSN
            S: 250-REQUIRETLS
            S: 250-MT-PRIORITY
            S: 250-FUTURERELEASE 604800 2026-12-01T12:00:00Z
            S: 250-DELIVERBY
            S: 250 LIMITS RCPTMAX=1000 MAILMAX=100 RCPTDOMAINMAX=20
            C: MAIL FROM:<joe@example.org> REQUIRETLS
            S: 250 2.1.0 Sender OK

            """ + Take);
        Taken.RequireTls.Should().BeTrue();
    }

    [Fact]
    public async Task A_priority_beyond_the_highest_is_lowered_and_the_client_told()
    {
        Options = Options with { MaxPriority = 3 };
        await RunAsync(Hello + """
            C: MAIL FROM:<joe@example.org> MT-PRIORITY=9
            S: 250 2.3.6 3 is the highest priority here

            """ + Take);
        Taken.Priority.Should().Be(3);
    }

    [Fact]
    public async Task A_priority_within_the_limit_is_kept()
    {
        Options = Options with { MaxPriority = 3 };
        await RunAsync(Hello + """
            C: MAIL FROM:<joe@example.org> MT-PRIORITY=-9
            S: 250 2.1.0 Sender OK

            """ + Take);
        Taken.Priority.Should().Be(-9);
    }

    [Fact]
    public async Task A_message_is_held_for_a_time_and_counts_as_late_from_now()
    {
        Options = Options with { MaxHold = TimeSpan.FromDays(1), OfferDeliverBy = true };
        await RunAsync(Hello + """
            C: MAIL FROM:<joe@example.org> HOLDFOR=3600 BY=7200;RT
            S: 250 2.1.0 Sender OK

            """ + Take);
        Taken.HoldUntil.Should().Be(Time.GetUtcNow().AddHours(1));
        Taken.DeliverBy.Should().Be(new DeliverBy(Time.GetUtcNow().AddHours(2), DeliverByMode.Return, Trace: true));
    }

    [Fact]
    public async Task A_message_that_would_be_late_before_its_release_is_refused()
    {
        Options = Options with { MaxHold = TimeSpan.FromDays(1), OfferDeliverBy = true };
        await RunAsync(Hello + """
            C: MAIL FROM:<joe@example.org> BY=60;R HOLDFOR=3600
            S: 501 5.5.4 Message would be late before it is released
            C: MAIL FROM:<joe@example.org> HOLDFOR=90000
            S: 501 5.5.4 Message cannot be held for so long
            C: MAIL FROM:<joe@example.org> HOLDFOR=60 HOLDUNTIL=2026-11-24T12:01:00Z
            S: 501 5.5.4 HOLDFOR and HOLDUNTIL exclude each other
            """);
    }

    [Fact]
    public async Task A_binary_message_comes_by_bdat_with_every_octet()
    {
        Options = Options with { OfferBinaryMime = true };
        await RunAsync(Hello + """
            C: MAIL FROM:<joe@example.org> BODY=BINARYMIME
            S: 250 2.1.0 Sender OK
            C: RCPT TO:<ann@example.test>
            S: 250 2.1.5 Recipient OK
            C: DATA
            S: 503 5.5.1 A BINARYMIME message comes by BDAT
            C> BDAT 6\r\na\0\r\nb\n
            S: 250 2.0.0 6 octets received
            C> BDAT 2 LAST\r\n\rc
            S: 250 2.0.0 Ok: taken
            C: NOOP
            S: 250 2.0.0 OK
            """);
        Session.Messages.Should().ContainSingle().Which.Text.Should().Be("a\0\r\nb\n\rc");
        Taken.Body.Should().Be(BodyType.BinaryMime);
    }

    [Fact]
    public async Task A_bare_line_feed_is_refused_in_bdat_that_is_not_binary()
    {
        Options = Options with { OfferBinaryMime = true };
        await RunAsync(Recipient + """
            C> BDAT 2 LAST\r\na\n
            S: 550 5.6.11 Message contains a CR or LF that is not part of CRLF
            """);
    }

    [Fact]
    public async Task Binary_is_no_body_type_where_it_is_not_offered()
        => await RunAsync(Hello + """
            C: MAIL FROM:<joe@example.org> BODY=BINARYMIME
            S: 501 5.5.4 Bad value of the parameter BODY
            """);

    [Fact]
    public async Task One_transaction_too_many_ends_the_session()
    {
        Options = Options with { MaxMessages = 2 };
        await RunAsync(Hello + """
            C: MAIL FROM:<joe@example.org>
            S: 250 2.1.0 Sender OK
            C: RSET
            S: 250 2.0.0 OK
            C: MAIL FROM:<joe@example.org> SIZE=x
            S: 501 5.5.4 Bad value of the parameter SIZE
            C: MAIL FROM:<joe@example.org>
            S: 250 2.1.0 Sender OK
            C: RSET
            S: 250 2.0.0 OK
            C: MAIL FROM:<joe@example.org>
            S: 421 4.7.0 Too many messages in one session, closing the connection
            * closed
            """);
    }

    [Fact]
    public async Task Recipients_of_too_many_domains_have_to_wait_for_another_session()
    {
        Options = Options with { MaxRecipientDomains = 2 };
        await RunAsync(Hello + """
            C: MAIL FROM:<joe@example.org>
            S: 250 2.1.0 Sender OK
            C: RCPT TO:<ann@one.test>
            S: 250 2.1.5 Recipient OK
            C: RCPT TO:<ann@two.test>
            S: 250 2.1.5 Recipient OK
            C: RCPT TO:<ann@three.test>
            S: 452 4.5.3 Too many recipient domains in one session
            C: RCPT TO:<bob@ONE.test>
            S: 250 2.1.5 Recipient OK
            C: RSET
            S: 250 2.0.0 OK
            C: MAIL FROM:<joe@example.org>
            S: 250 2.1.0 Sender OK
            C: RCPT TO:<ann@three.test>
            S: 452 4.5.3 Too many recipient domains in one session
            """);
    }
}
