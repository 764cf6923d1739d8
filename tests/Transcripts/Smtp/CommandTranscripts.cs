using Merpati.Protocols.Smtp;
using AwesomeAssertions;
using Merpati.Envelopes;
using Xunit;

namespace Merpati.Tests.Transcripts.Smtp;

public sealed class CommandTranscripts : SmtpTranscript
{
    [Fact]
    public async Task Ehlo_lists_what_works()
    {
        await RunAsync("""
            S: 220 mail.example.test ESMTP Merpati
            C: EHLO client.example.org
            S: 250-mail.example.test greets client.example.org
            S: 250-PIPELINING
            S: 250-SIZE 52428800
            S: 250-8BITMIME
            S: 250-SMTPUTF8
            S: 250-CHUNKING
            S: 250-ENHANCEDSTATUSCODES
            S: 250-LIMITS RCPTMAX=1000
            S: 250 STARTTLS
            C: QUIT
            S: 221 2.0.0 Goodbye
            * closed
            """);
    }

    [Fact]
    public async Task Ehlo_lists_neither_starttls_without_a_certificate_nor_auth_in_the_clear()
    {
        Options = Options with { OfferAuth = true, RequireAuth = true, AdvertiseDsn = true };
        Settings = Settings with { CanUpgradeToTls = false };
        await RunAsync("""
            S: 220 mail.example.test ESMTP Merpati
            C: ehlo [192.0.2.7]
            S: 250-mail.example.test greets [192.0.2.7]
            S: 250-PIPELINING
            S: 250-SIZE 52428800
            S: 250-8BITMIME
            S: 250-SMTPUTF8
            S: 250-CHUNKING
            S: 250-ENHANCEDSTATUSCODES
            S: 250-DSN
            S: 250 LIMITS RCPTMAX=1000
            C: STARTTLS
            S: 502 5.5.1 Command not implemented
            C: AUTH PLAIN
            S: 538 5.7.11 Encryption required for authentication: send STARTTLS first
            C: MAIL FROM:<ann@example.test>
            S: 530 5.7.0 Must issue a STARTTLS command first
            """);
    }

    [Fact]
    public async Task A_refused_connection_is_told_why_and_closed()
    {
        Session.Greeting = new SmtpReply(554, "5.7.1", "Not you");
        await RunAsync("""
            S: 554 5.7.1 Not you
            * closed
            """);
    }

    [Fact]
    public async Task Commands_out_of_sequence_are_503()
    {
        await RunAsync("""
            S: 220 mail.example.test ESMTP Merpati
            C: MAIL FROM:<joe@example.org>
            S: 503 5.5.1 Send HELO or EHLO first
            C: DATA
            S: 503 5.5.1 Send HELO or EHLO first
            C: NOOP before hello
            S: 250 2.0.0 OK
            C: RSET
            S: 250 2.0.0 OK
            C: RCPT TO:<ann@example.test>
            S: 503 5.5.1 Send HELO or EHLO first
            C: HELO client
            S: 250 mail.example.test
            C: RCPT TO:<ann@example.test>
            S: 503 5.5.1 Send MAIL first
            C: DATA
            S: 503 5.5.1 Send MAIL first
            C: MAIL FROM:<joe@example.org>
            S: 250 2.1.0 Sender OK
            C: MAIL FROM:<joe@example.org>
            S: 503 5.5.1 Not during a mail transaction
            C: STARTTLS
            S: 503 5.5.1 Not during a mail transaction
            C: DATA
            S: 503 5.5.1 Send RCPT first
            C: RSET
            S: 250 2.0.0 OK
            C: RCPT TO:<ann@example.test>
            S: 503 5.5.1 Send MAIL first
            C: MAIL FROM:<joe@example.org>
            S: 250 2.1.0 Sender OK
            C: RCPT TO:<ann@example.test>
            S: 250 2.1.5 Recipient OK
            C: EHLO again
            S: 250-mail.example.test greets again
            S~ 250-.*
            S~ 250-.*
            S~ 250-.*
            S~ 250-.*
            S~ 250-.*
            S~ 250-.*
            S~ 250-.*
            S~ 250 .*
            C: DATA
            S: 503 5.5.1 Send MAIL first
            """);
    }

    [Fact]
    public async Task Commands_that_are_not_commands()
    {
        await RunAsync(Hello + """
            C: FOO
            S: 500 5.5.1 Command not recognized
            C:
            S: 500 5.5.1 Command not recognized
            C> NOOP\n
            S: 500 5.5.2 A command ends in CRLF, with no other CR or LF in it
            C> NOOP\rNOOP\r\n
            S: 500 5.5.2 A command ends in CRLF, with no other CR or LF in it
            C> NO\0OP\r\n
            S: 500 5.5.2 Control characters are not allowed in a command
            C> \xff\xfe\r\n
            S: 500 5.5.1 Command not recognized
            C: noop
            S: 250 2.0.0 OK
            C: RSET now
            S: 501 5.5.4 This command takes no argument
            C: DATA now
            S: 503 5.5.1 Send MAIL first
            C: QUIT now
            S: 501 5.5.4 This command takes no argument
            C: VRFY
            S: 501 5.5.4 Syntax: VRFY address
            C: VRFY ann
            S: 252 2.5.0 Cannot VRFY user, but will accept message and attempt delivery
            C: EXPN list
            S: 502 5.5.1 Command not implemented
            C: AUTH PLAIN
            S: 502 5.5.1 Command not implemented
            C: HELP
            S: 214-2.0.0 Commands: HELO EHLO MAIL RCPT DATA BDAT RSET NOOP VRFY EXPN HELP QUIT STARTTLS
            S: 214 2.0.0 See RFC 5321
            C: STARTTLS now
            S: 501 5.5.4 This command takes no argument
            C: HELO
            S: 501 5.5.4 Syntax: HELO domain, or EHLO domain
            C: EHLO two words
            S: 501 5.5.4 Syntax: HELO domain, or EHLO domain
            C: EHLO <script>
            S: 501 5.5.4 Syntax: HELO domain, or EHLO domain
            C: QUIT
            S: 221 2.0.0 Goodbye
            * closed
            """);
    }

    [Fact]
    public async Task A_line_that_is_too_long_is_refused_and_the_next_one_is_understood()
    {
        await using var transcript = Start();
        await transcript.RunAsync(Hello);
        await transcript.RunAsync($"""
            C: NOOP {new string('x', 505)}
            S: 250 2.0.0 OK
            C: NOOP {new string('x', 506)}
            S: 500 5.5.2 Line too long
            C: NOOP {new string('x', 200_000)}
            S: 500 5.5.2 Line too long
            C: MAIL FROM:<{new string('x', 3000)}@example.org>
            S: 500 5.5.2 Line too long
            C: NOOP
            S: 250 2.0.0 OK
            """);
    }

    [Fact]
    public async Task Paths_in_every_spelling()
    {
        await RunAsync(Hello + """
            C: MAIL FROM:joe@example.org
            S: 501 5.5.4 Syntax: MAIL FROM:<address> [parameters]
            C: MAIL <joe@example.org>
            S: 501 5.5.4 Syntax: MAIL FROM:<address> [parameters]
            C: MAIL FROM:<joe@example.org
            S: 501 5.1.7 Bad sender address syntax
            C: MAIL FROM:<joe@@example.org>
            S: 501 5.1.7 Bad sender address syntax
            C: MAIL FROM:<postmaster>
            S: 501 5.1.7 Bad sender address syntax
            C: MAIL FROM:<joe@example.org>SIZE=5
            S: 501 5.5.4 Syntax: MAIL FROM:<address> [parameters]
            C: mail from: <>
            S: 250 2.1.0 Sender OK
            C: RCPT TO:<>
            S: 501 5.1.3 Bad recipient address syntax
            C: RCPT TO:ann@example.test
            S: 501 5.5.4 Syntax: RCPT TO:<address> [parameters]
            C: RCPT TO:<@relay.example,@other.example:ann@example.test>
            S: 250 2.1.5 Recipient OK
            C: RCPT TO: <"with space > and \" quote"@example.test>
            S: 250 2.1.5 Recipient OK
            C: RCPT TO:<PostMaster>
            S: 250 2.1.5 Recipient OK
            C: RCPT TO:<joe@[192.0.2.1]>
            S: 250 2.1.5 Recipient OK
            C: RCPT TO:<joe@[IPv6:2001:db8::1]>
            S: 250 2.1.5 Recipient OK
            C: RCPT TO:<ANN@Example.TEST>
            S: 250 2.1.5 Recipient OK
            C: DATA
            S: 354 Start mail input; end with <CRLF>.<CRLF>
            C: .
            S: 250 2.0.0 Ok: taken
            """);
        var envelope = Session.Messages.Should().ContainSingle().Which.Envelope;
        envelope.ReversePath.IsNull.Should().BeTrue();
        envelope.Recipients.Select(recipient => recipient.Address.ToString()).Should().Equal(
            "ann@example.test", "\"with space > and \\\" quote\"@example.test", "postmaster@mail.example.test", "joe@[192.0.2.1]", "joe@[ipv6:2001:db8::1]");
    }

    [Fact]
    public async Task Parameters_of_mail()
    {
        await RunAsync(Hello + """
            C: MAIL FROM:<joe@example.org> SIZE=52428801
            S: 552 5.3.4 Message size exceeds the limit
            C: MAIL FROM:<joe@example.org> SIZE=99999999999999999999
            S: 552 5.3.4 Message size exceeds the limit
            C: MAIL FROM:<joe@example.org> SIZE=-1
            S: 501 5.5.4 Bad value of the parameter SIZE
            C: MAIL FROM:<joe@example.org> SIZE
            S: 501 5.5.4 Bad value of the parameter SIZE
            C: MAIL FROM:<joe@example.org> BODY=BINARYMIME
            S: 501 5.5.4 Bad value of the parameter BODY
            C: MAIL FROM:<joe@example.org> SMTPUTF8=yes
            S: 501 5.5.4 Bad value of the parameter SMTPUTF8
            C: MAIL FROM:<joe@example.org> SIZE=1 SIZE=2
            S: 501 5.5.4 Syntax: MAIL FROM:<address> [parameters]
            C: MAIL FROM:<joe@example.org> RET=FULL
            S: 555 5.5.4 Parameter RET is not supported
            C: MAIL FROM:<joe@example.org> AUTH=<>
            S: 555 5.5.4 Parameter AUTH is not supported
            C: MAIL FROM:<joe@example.org> X-WHATEVER=1
            S: 555 5.5.4 Parameter X-WHATEVER is not supported
            C: MAIL FROM:<jöe@example.org>
            S: 553 5.6.7 Address needs SMTPUTF8, which the message does not ask for
            C> MAIL FROM:<j\xffe@example.org> SMTPUTF8\r\n
            S: 501 5.1.7 Bad sender address syntax
            C: MAIL FROM:<jöe@bücher.example>  size=1000 body=8bitmime SMTPUTF8
            S: 250 2.1.0 Sender OK
            C: RCPT TO:<ünn@example.test>
            S: 250 2.1.5 Recipient OK
            C: RCPT TO:<bob@example.test> NOTIFY=NEVER
            S: 555 5.5.4 Parameter NOTIFY is not supported
            C: DATA
            S: 354 Start mail input; end with <CRLF>.<CRLF>
            C: .
            S: 250 2.0.0 Ok: taken
            C: MAIL FROM:<joe@example.org>
            S: 250 2.1.0 Sender OK
            C: RCPT TO:<ünn@example.test>
            S: 553 5.6.7 Address needs SMTPUTF8, which the message does not ask for
            C: DATA
            S: 554 5.5.1 No valid recipients
            """);
        var envelope = Session.Messages.Should().ContainSingle().Which.Envelope;
        envelope.SmtpUtf8.Should().BeTrue();
        envelope.Body.Should().Be(BodyType.EightBitMime);
        envelope.ReversePath.ToString().Should().Be("<jöe@bücher.example>");
    }

    [Fact]
    public async Task Delivery_status_parameters_go_into_the_envelope_where_they_are_offered()
    {
        Options = Options with { AdvertiseDsn = true };
        await RunAsync(Hello + """
            C: MAIL FROM:<joe@example.org> RET=HDRS ENVID=QQ314159+2B
            S: 250 2.1.0 Sender OK
            C: RCPT TO:<ann@example.test> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;Ann@example.org
            S: 250 2.1.5 Recipient OK
            C: RCPT TO:<bob@example.test> NOTIFY=NEVER
            S: 250 2.1.5 Recipient OK
            C: RCPT TO:<cid@example.test> NOTIFY=NEVER,DELAY
            S: 501 5.5.4 Bad value of the parameter NOTIFY
            C: RCPT TO:<cid@example.test> ORCPT=rfc822
            S: 501 5.5.4 Bad value of the parameter ORCPT
            C: RCPT TO:<cid@example.test> ORCPT=rfc822;a+zz
            S: 501 5.5.4 Bad value of the parameter ORCPT
            C: DATA
            S: 354 Start mail input; end with <CRLF>.<CRLF>
            C: .
            S: 250 2.0.0 Ok: taken
            """);
        var envelope = Session.Messages.Should().ContainSingle().Which.Envelope;
        envelope.Return.Should().Be(DsnReturn.Headers);
        envelope.EnvelopeId.Should().Be("QQ314159+2B");
        envelope.Recipients[0].Notify.Should().Be(DsnNotify.Success | DsnNotify.Delay);
        envelope.Recipients[0].OriginalRecipient.Should().Be("rfc822;Ann@example.org");
        envelope.Recipients[1].Notify.Should().Be(DsnNotify.Never);
    }

    [Fact]
    public async Task Too_many_errors_end_the_session()
    {
        await using var transcript = Start();
        await transcript.RunAsync(Hello);
        for (var i = 0; i < 20; i++) await transcript.RunAsync("C: FOO\nS: 500 5.5.1 Command not recognized");
        await transcript.RunAsync("""
            C: FOO
            S: 421 4.7.0 Too many errors, closing the connection
            * closed
            """);
    }

    [Fact]
    public async Task Too_many_recipients_are_refused_one_by_one()
    {
        Options = Options with { MaxRecipients = 2 };
        await RunAsync(Recipient + """
            C: RCPT TO:<b@example.test>
            S: 250 2.1.5 Recipient OK
            C: RCPT TO:<c@example.test>
            S: 452 4.5.3 Too many recipients
            C: DATA
            S: 354 Start mail input; end with <CRLF>.<CRLF>
            C: .
            S: 250 2.0.0 Ok: taken
            """);
        Session.Messages.Should().ContainSingle().Which.Envelope.Recipients.Should().HaveCount(2);
    }

    [Fact]
    public async Task A_fault_is_a_temporary_error_and_the_session_goes_on()
    {
        Session.OnMail = _ => throw new InvalidOperationException("secret detail");
        await RunAsync(Hello + """
            C: MAIL FROM:<joe@example.org>
            S: 451 4.3.0 Local error, try again later
            C: NOOP
            S: 250 2.0.0 OK
            """);
    }

    [Fact]
    public async Task Pipelined_commands_are_answered_in_order()
    {
        await RunAsync("""
            C> EHLO a\r\nMAIL FROM:<joe@example.org>\r\nRCPT TO:<ann@example.test>\r\nRCPT TO:<>\r\nDATA\r\nSubject: hi\r\n\r\nhi\r\n.\r\nQUIT\r\n
            S: 220 mail.example.test ESMTP Merpati
            S: 250-mail.example.test greets a
            S~ 250-.*
            S~ 250-.*
            S~ 250-.*
            S~ 250-.*
            S~ 250-.*
            S~ 250-.*
            S~ 250-.*
            S~ 250 .*
            S: 250 2.1.0 Sender OK
            S: 250 2.1.5 Recipient OK
            S: 501 5.1.3 Bad recipient address syntax
            S: 354 Start mail input; end with <CRLF>.<CRLF>
            S: 250 2.0.0 Ok: taken
            S: 221 2.0.0 Goodbye
            * closed
            """);
        Session.Messages.Should().ContainSingle().Which.Text.Should().Be("Subject: hi\r\n\r\nhi\r\n");
    }
}
