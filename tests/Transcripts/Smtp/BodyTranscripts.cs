using AwesomeAssertions;
using Merpati.Protocols.Smtp;
using Xunit;

namespace Merpati.Tests.Transcripts.Smtp;

public sealed class BodyTranscripts : SmtpTranscript
{
    private const string Begin = Recipient + """
        C: DATA
        S: 354 Start mail input; end with <CRLF>.<CRLF>

        """;

    [Fact]
    public async Task Dots_are_decoded_and_the_next_message_begins_anew()
    {
        await RunAsync(Begin + """
            C: ..
            C: ...two
            C: .one
            C: a.b
            C:
            C: .
            S: 250 2.0.0 Ok: taken
            C: RCPT TO:<ann@example.test>
            S: 503 5.5.1 Send MAIL first
            C: MAIL FROM:<>
            S: 250 2.1.0 Sender OK
            """);
        Session.Messages.Should().ContainSingle().Which.Text.Should().Be(".\r\n..two\r\none\r\na.b\r\n\r\n");
        Session.OpenReceivers.Should().Be(0);
    }

    [Theory]
    [InlineData(@"x\n.\nMAIL FROM:<evil@example.org>\r\n")]
    [InlineData(@"x\n.\r\nMAIL FROM:<evil@example.org>\r\n")]
    [InlineData(@"x\r\n.\nMAIL FROM:<evil@example.org>\r\n")]
    [InlineData(@"x\r\n.\rMAIL FROM:<evil@example.org>\r\n")]
    [InlineData(@"x\r.\rMAIL FROM:<evil@example.org>\r\n")]
    [InlineData(@"x\r\n\0.\r\n\nMAIL FROM:<evil@example.org>\r\n")]
    [InlineData(@"x\r\r\n")]
    [InlineData(@"x\n\n")]
    public async Task Nothing_but_crlf_dot_crlf_ends_a_message_and_bare_line_breaks_refuse_it(string text)
    {
        await RunAsync(Begin + $$"""
            C> {{text}}\r\n.\r\n
            S: 550 5.6.11 Message contains a CR or LF that is not part of CRLF
            C: NOOP
            S: 250 2.0.0 OK
            """);
        Session.Messages.Should().BeEmpty();
        Session.OpenReceivers.Should().Be(0);
    }

    [Fact]
    public async Task A_message_beyond_the_size_is_read_to_its_end_and_refused()
    {
        Options = Options with { MaxMessageSize = 100 };
        await using var transcript = Start();
        await transcript.RunAsync(Begin);
        for (var i = 0; i < 1000; i++) await transcript.RunAsync("C: " + new string('x', 998));
        await transcript.RunAsync("""
            C: .
            S: 552 5.3.4 Message size exceeds the limit
            C: NOOP
            S: 250 2.0.0 OK
            """);
        Session.Messages.Should().BeEmpty();
    }

    [Fact]
    public async Task A_line_beyond_all_reason_is_refused()
    {
        Options = Options with { MaxTextLine = 2000 };
        await RunAsync(Begin + $"""
            C: {new string('x', 2000)}
            C: .
            S: 250 2.0.0 Ok: taken
            """);
        await RunAsync(Begin + $"""
            C: {new string('x', 2001)}
            C: .
            S: 554 5.6.0 Message contains a line that is too long
            """);
    }

    [Fact]
    public async Task Refused_before_the_message_is_sent()
    {
        Session.OnBegin = _ => new SmtpReply(452, "4.3.1", "Full");
        await RunAsync(Recipient + """
            C: DATA
            S: 452 4.3.1 Full
            C: MAIL FROM:<joe@example.org>
            S: 250 2.1.0 Sender OK
            C: RCPT TO:<ann@example.test>
            S: 250 2.1.5 Recipient OK
            C> BDAT 6 LAST\r\nNOOP\r\n
            S: 452 4.3.1 Full
            C: NOOP
            S: 250 2.0.0 OK
            """);
    }

    [Fact]
    public async Task Refused_while_it_is_sent()
    {
        Session.OnWrite = octets => octets > 5 ? new SmtpReply(452, "4.3.1", "Full") : null;
        await RunAsync(Begin + """
            C: hello world
            C: QUIT
            C: .
            S: 452 4.3.1 Full
            C: NOOP
            S: 250 2.0.0 OK
            """);
        Session.OpenReceivers.Should().Be(0);
    }

    [Fact]
    public async Task A_fault_in_the_middle_of_a_message_closes_the_connection()
    {
        Session.OnWrite = _ => throw new InvalidOperationException("secret detail");
        await RunAsync(Begin + """
            C: hello
            S: 421 4.3.0 Local error, closing the connection
            * closed
            """);
        Session.OpenReceivers.Should().Be(0);
    }

    [Fact]
    public async Task A_connection_that_ends_in_the_middle_leaves_nothing()
    {
        await using var transcript = Start();
        await transcript.RunAsync(Begin + """
            C: hello
            C> .
            * close
            * closed
            """);
        await transcript.SessionEndAsync();
        Session.Messages.Should().BeEmpty();
        Session.OpenReceivers.Should().Be(0);
    }

    [Fact]
    public async Task Chunks_make_a_message()
    {
        await RunAsync(Recipient + """
            C> BDAT 5\r\n.\r\n\r\n
            S: 250 2.0.0 5 octets received
            C> BDAT 0\r\n
            S: 250 2.0.0 0 octets received
            C: NOOP
            S: 250 2.0.0 OK
            C: DATA
            S: 503 5.5.1 BDAT has begun: go on with BDAT, or send RSET
            C: RCPT TO:<bob@example.test>
            S: 503 5.5.1 BDAT has begun: go on with BDAT, or send RSET
            C> bdat 7 last\r\nhello\r\n
            S: 250 2.0.0 Ok: taken
            C: MAIL FROM:<>
            S: 250 2.1.0 Sender OK
            """);
        Session.Messages.Should().ContainSingle().Which.Text.Should().Be(".\r\n\r\nhello\r\n");
    }

    [Fact]
    public async Task An_empty_last_chunk_ends_the_message()
    {
        await RunAsync(Recipient + """
            C> BDAT 4\r\nhi\r\nBDAT 0 LAST\r\n
            S: 250 2.0.0 4 octets received
            S: 250 2.0.0 Ok: taken
            """);
        Session.Messages.Should().ContainSingle().Which.Text.Should().Be("hi\r\n");
    }

    [Fact]
    public async Task Chunks_out_of_sequence_are_swallowed()
    {
        await RunAsync(Hello + """
            C> BDAT 6 LAST\r\nQUIT\r\n
            S: 503 5.5.1 Send MAIL first
            C: MAIL FROM:<joe@example.org>
            S: 250 2.1.0 Sender OK
            C> BDAT 6 LAST\r\nQUIT\r\n
            S: 503 5.5.1 Send RCPT first
            C: BDAT
            S: 503 5.5.1 Send RCPT first
            C: RCPT TO:<ann@example.test>
            S: 250 2.1.5 Recipient OK
            C: BDAT x LAST
            S: 501 5.5.4 Syntax: BDAT octets [LAST]
            C: BDAT -5
            S: 501 5.5.4 Syntax: BDAT octets [LAST]
            C: BDAT 5 FIRST
            S: 501 5.5.4 Syntax: BDAT octets [LAST]
            C: BDAT 99999999999999999999
            S: 501 5.5.4 Syntax: BDAT octets [LAST]
            C> BDAT 4\r\nhi\r\n
            S: 250 2.0.0 4 octets received
            C: RSET
            S: 250 2.0.0 OK
            C> BDAT 6 LAST\r\nQUIT\r\n
            S: 503 5.5.1 Send MAIL first
            C: NOOP
            S: 250 2.0.0 OK
            """);
        Session.Messages.Should().BeEmpty();
        Session.OpenReceivers.Should().Be(0);
    }

    [Fact]
    public async Task Chunks_beyond_the_size_are_swallowed_and_the_rest_is_out_of_sequence()
    {
        Options = Options with { MaxMessageSize = 10 };
        await RunAsync(Recipient + """
            C> BDAT 8\r\n123456\r\nBDAT 8\r\n123456\r\nBDAT 6 LAST\r\nQUIT\r\n
            S: 250 2.0.0 8 octets received
            S: 552 5.3.4 Message size exceeds the limit
            S: 503 5.5.1 Send MAIL first
            C: NOOP
            S: 250 2.0.0 OK
            """);
        Session.OpenReceivers.Should().Be(0);
    }

    [Fact]
    public async Task A_bare_line_break_in_chunks_is_refused()
    {
        await RunAsync(Recipient + """
            C> BDAT 2\r\na\rBDAT 3 LAST\r\nb\r\n
            S: 250 2.0.0 2 octets received
            S: 550 5.6.11 Message contains a CR or LF that is not part of CRLF
            """);
        Session.Messages.Should().BeEmpty();
    }
}
