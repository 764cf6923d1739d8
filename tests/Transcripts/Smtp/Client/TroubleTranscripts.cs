using AwesomeAssertions;
using Merpati.Protocols.Smtp.Client;
using Xunit;

namespace Merpati.Tests.Transcripts.Smtp.Client;

/// <summary>Servers that leave, lie or go silent in the middle of a transaction: what is known of the message afterwards.</summary>
public sealed class TroubleTranscripts : SmtpClientTranscript
{
    private const string Envelope = """
        C> MAIL FROM:<joe@example.org> SIZE=7\r\nRCPT TO:<ann@example.com>\r\nDATA\r\n

        """;

    [Theory]
    [InlineData("S: 421 4.3.2 bye", SmtpStage.Mail)]
    [InlineData("S: 250 ok\nS: 421 4.3.2 bye", SmtpStage.Rcpt)]
    [InlineData("S: 250 ok\nS: 250 ok\nS: 421 4.3.2 bye", SmtpStage.Data)]
    [InlineData("S: 250 ok\nS: 250 ok\nS: 354 go on\nC> hello\\r\\n.\\r\\n\nS: 421 4.3.2 bye", SmtpStage.EndOfText)]
    public async Task A_goodbye_is_a_deferral_wherever_it_comes(string script, SmtpStage stage)
    {
        var transcript = Start();
        await OpenAsync(transcript, Usual);
        var offered = (SendOutcome.Offered)await SendAsync(transcript, Message("hello\r\n"), Envelope + script + "\n* closed");
        offered.Recipients.Single().Should().BeOfType<RecipientOutcome.Refused>().Which.Should().Match<RecipientOutcome.Refused>(refused => refused.Stage == stage && !refused.IsPermanent && refused.Reply.Code == 421);
        transcript.Client.IsUsable.Should().BeFalse();
    }

    [Theory]
    [InlineData("* close", SmtpStage.Mail)]
    [InlineData("S: 250 ok\n* close", SmtpStage.Rcpt)]
    [InlineData("S: 250 ok\nS: 250 ok\nS> 354 go\n* close", SmtpStage.Data)]
    public async Task A_server_that_closes_before_the_text_does_not_have_the_message(string script, SmtpStage stage)
        => (await SendOneAsync(Usual, Message("hello\r\n"), Envelope + script)).Should().BeOfType<RecipientOutcome.Lost>().Which.Loss.Should().Match<ConnectionLoss>(loss => loss.Stage == stage && loss.Reason == LossReason.Closed);

    [Theory]
    [InlineData("* close", LossReason.Closed)]
    [InlineData("S> 250 o\n* close", LossReason.Closed)]
    [InlineData("S: what?", LossReason.Malformed)]
    [InlineData("S: 354 more", LossReason.Malformed)]
    public async Task A_server_that_is_lost_after_the_dot_may_have_the_message(string script, LossReason reason)
        => (await SendOneAsync(Usual, Message("hello\r\n"), Envelope + """
            S> 250 ok\r\n250 ok\r\n354 go on\r\n
            C> hello\r\n.\r\n

            """ + script)).Should().BeOfType<RecipientOutcome.Unknown>().Which.Loss.Should().Match<ConnectionLoss>(loss => loss.Stage == SmtpStage.EndOfText && loss.Reason == reason);

    [Fact]
    public async Task A_server_that_is_silent_after_the_dot_may_have_the_message()
    {
        Options = Options with { EndTimeout = TimeSpan.FromMilliseconds(50) };
        (await SendOneAsync(Usual, Message("hello\r\n"), Envelope + """
            S> 250 ok\r\n250 ok\r\n354 go on\r\n
            C> hello\r\n.\r\n
            * closed
            """)).Should().BeOfType<RecipientOutcome.Unknown>().Which.Loss.Reason.Should().Be(LossReason.TimedOut);
    }

    [Fact]
    public async Task Of_LMTP_what_was_answered_is_known_and_the_rest_is_not()
    {
        Options = Options with { Lmtp = true };
        var offered = (SendOutcome.Offered)await SendAsync("""
            S: 220 mx.example.com LMTP
            C: LHLO relay.example.org
            S: 250 mx.example.com
            """, Message("hello\r\n", "ann@example.com", "bob@example.com"), """
            C: MAIL FROM:<joe@example.org>
            S: 250 ok
            C: RCPT TO:<ann@example.com>
            S: 250 ok
            C: RCPT TO:<bob@example.com>
            S: 250 ok
            C: DATA
            S: 354 go on
            C> hello\r\n.\r\n
            S: 250 for ann
            * close
            """);
        offered.Recipients[0].Should().BeOfType<RecipientOutcome.Accepted>();
        offered.Recipients[1].Should().BeOfType<RecipientOutcome.Unknown>();
    }

    [Fact]
    public async Task Replies_of_another_kind_end_the_connection()
    {
        (await SendOneAsync(Usual, Message("hello\r\n"), Envelope + "S: 354 go on\n* closed")).Should().BeOfType<RecipientOutcome.Lost>().Which.Loss.Reason.Should().Be(LossReason.Malformed);
        (await SendOneAsync(Usual, Message("hello\r\n"), Envelope + "S> 250 ok\\r\\n250 ok\\r\\n250 ok\\r\\n\n* closed")).Should().BeOfType<RecipientOutcome.Lost>().Which.Loss.Reason.Should().Be(LossReason.Malformed);
    }

    [Fact]
    public async Task A_yes_that_nobody_asked_for_is_not_taken_for_the_answer_to_the_dot()
    {
        var message = Message("hello\r\n") with { BeforeEndAsync = _ => throw new InvalidOperationException("The end is never near.") };
        (await SendOneAsync(Usual, message, Envelope + """
            S> 250 ok\r\n250 ok\r\n354 go on\r\n250 taken\r\n
            C> hello\r\n
            * closed
            """)).Should().BeOfType<RecipientOutcome.Lost>().Which.Loss.Reason.Should().Be(LossReason.Malformed);
    }

    [Fact]
    public async Task A_refusal_before_the_end_is_heard()
        => (await SendOneAsync(Usual, Message("hello\r\n"), Envelope + """
            S> 250 ok\r\n250 ok\r\n354 go on\r\n552 5.3.4 too much\r\n
            C> hello\r\n
            * closed
            """)).Should().BeOfType<RecipientOutcome.Refused>().Which.Should().Match<RecipientOutcome.Refused>(refused => refused.Stage == SmtpStage.Text && refused.IsPermanent);

    [Fact]
    public async Task A_chunk_that_is_refused_ends_the_transaction_and_not_the_connection()
    {
        Settings = Settings with { PauseThreshold = 4 * 1024 * 1024 };
        var transcript = Start();
        await OpenAsync(transcript, Chunks);
        var text = new string('x', 1024 * 1024);
        var offered = (SendOutcome.Offered)await SendAsync(transcript, Message(text + "tail"), $"""
            C> MAIL FROM:<joe@example.org>\r\nRCPT TO:<ann@example.com>\r\n
            S> 250 ok\r\n250 ok\r\n
            C: BDAT 1048576
            C> {text}
            S: 452 4.3.1 no room
            """);
        offered.Recipients.Single().Should().BeOfType<RecipientOutcome.Refused>().Which.Stage.Should().Be(SmtpStage.Text);
        (await SendAsync(transcript, Message("again\r\n"), """
            C: RSET
            S: 250 ok
            C> MAIL FROM:<joe@example.org>\r\nRCPT TO:<ann@example.com>\r\n
            S> 250 ok\r\n250 ok\r\n
            C> BDAT 7 LAST\r\nagain\r\n
            S: 250 taken
            """)).Should().BeOfType<SendOutcome.Offered>().Which.Recipients.Should().AllBeOfType<RecipientOutcome.Accepted>();
    }

    [Theory]
    [InlineData("421 4.4.2 idle too long")]
    [InlineData("250 surprise")]
    public async Task What_a_server_says_between_messages_is_heard(string words)
    {
        var transcript = Start();
        await OpenAsync(transcript, Usual);
        await SendAsync(transcript, Message("hello\r\n"), Envelope + """
            S> 250 ok\r\n250 ok\r\n354 go on\r\n
            C> hello\r\n.\r\n
            S: 250 taken
            """);
        transcript.Client.IsUsable.Should().BeTrue();
        await transcript.RunAsync(_ => ValueTask.FromResult(true), "S: " + words);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (transcript.Client.IsUsable) await Task.Delay(1, patience.Token);
        (await SendAsync(transcript, Message("again\r\n"), "* closed")).Should().BeOfType<SendOutcome.Offered>().Which.Recipients.Single().Should().Match<RecipientOutcome>(outcome => outcome is RecipientOutcome.Refused || outcome is RecipientOutcome.Lost);
    }

    [Fact]
    public async Task Before_the_end_the_caller_is_told_and_waited_for()
    {
        var transcript = Start();
        await OpenAsync(transcript, Usual);
        var told = new TaskCompletionSource();
        var goOn = new TaskCompletionSource();
        var message = Message("hello\r\n") with
        {
            BeforeEndAsync = async _ =>
            {
                told.SetResult();
                await goOn.Task;
            },
        };
        var sending = transcript.Client.SendAsync(message, CancellationToken.None).AsTask();
        await transcript.RunAsync(_ => ValueTask.FromResult(true), Envelope + """
            S> 250 ok\r\n250 ok\r\n354 go on\r\n
            C> hello\r\n
            """);
        await told.Task.WaitAsync(TimeSpan.FromSeconds(30));
        goOn.SetResult();
        await transcript.RunAsync(_ => ValueTask.FromResult(true), """
            C> .\r\n
            S: 250 taken
            """);
        (await sending.WaitAsync(TimeSpan.FromSeconds(30))).Should().BeOfType<SendOutcome.Offered>().Which.Recipients.Should().AllBeOfType<RecipientOutcome.Accepted>();
    }

    [Fact]
    public async Task A_caller_that_cannot_write_its_intent_does_not_send()
    {
        var transcript = Start();
        await OpenAsync(transcript, Usual);
        var message = Message("hello\r\n") with { BeforeEndAsync = _ => throw new IOException("The queue is down.") };
        var act = () => SendAsync(transcript, message, Envelope + """
            S> 250 ok\r\n250 ok\r\n354 go on\r\n
            C> hello\r\n
            * closed
            """);
        await act.Should().ThrowAsync<IOException>().WithMessage("The queue is down.");
    }

    [Theory]
    [InlineData(8)]
    [InlineData(6)]
    public async Task Octets_of_another_size_are_never_sent_as_the_message(long size)
    {
        foreach (var opening in new[] { Old, Chunks })
        {
            var transcript = Start();
            await OpenAsync(transcript, opening);
            var sending = transcript.Client.SendAsync(Message("hello\r\n") with { Size = size }, CancellationToken.None).AsTask();
            await transcript.RunAsync(_ => ValueTask.FromResult(true), opening == Old
                ? "C: MAIL FROM:<joe@example.org>\nS: 250 ok\nC: RCPT TO:<ann@example.com>\nS: 250 ok\nC: DATA\nS: 354 go on"
                : "C: MAIL FROM:<joe@example.org>\nC: RCPT TO:<ann@example.com>\nS: 250 ok\nS: 250 ok");
            await FluentActions.Awaiting(() => sending).Should().ThrowAsync<InvalidDataException>();
            transcript.Transport.IsClosed.Should().BeTrue();
        }
    }

    [Fact]
    public async Task Stopped_before_the_end_is_an_exception_and_after_it_an_outcome()
    {
        using var stop = new CancellationTokenSource();
        var transcript = Start();
        await OpenAsync(transcript, Usual);
        var sending = transcript.Client.SendAsync(Message("hello\r\n"), stop.Token).AsTask();
        await transcript.RunAsync(_ => ValueTask.FromResult(true), Envelope + """
            S> 250 ok\r\n250 ok\r\n354 go on\r\n
            C> hello\r\n.\r\n
            """);
        await stop.CancelAsync();
        ((SendOutcome.Offered)await sending).Recipients.Single().Should().BeOfType<RecipientOutcome.Unknown>().Which.Loss.Reason.Should().Be(LossReason.Cancelled);

        using var early = new CancellationTokenSource();
        transcript = Start();
        await OpenAsync(transcript, Usual);
        sending = transcript.Client.SendAsync(Message("hello\r\n"), early.Token).AsTask();
        await transcript.RunAsync(_ => ValueTask.FromResult(true), Envelope + "S: 250 ok");
        await early.CancelAsync();
        await FluentActions.Awaiting(() => sending).Should().ThrowAsync<OperationCanceledException>();
    }
}
