using System.Text;
using AwesomeAssertions;
using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.Protocols.Smtp.Client;
using Xunit;

namespace Merpati.Tests.Transcripts.Smtp.Client;

/// <summary>Mail transactions from the client's side (RFC 5321 §3.3) and what extensions make of them.</summary>
public sealed class TransactionTranscripts : SmtpClientTranscript
{
    [Fact]
    public async Task Without_PIPELINING_each_command_waits_for_its_reply()
        => (await SendOneAsync(Old, Message(), """
            C: MAIL FROM:<joe@example.org>
            S: 250 ok
            C: RCPT TO:<ann@example.com>
            S: 250 ok
            C: DATA
            S: 354 go on
            C> Subject: hello\r\n\r\nhello\r\n.\r\n
            S: 250 2.0.0 queued as 4711
            """)).Should().BeOfType<RecipientOutcome.Accepted>().Which.Reply.ToString().Should().Be("250 2.0.0 queued as 4711");

    [Fact]
    public async Task With_PIPELINING_the_envelope_goes_in_one()
        => (await SendAsync(Usual, Message("hello\r\n", "ann@example.com", "bob@example.com"), """
            C> MAIL FROM:<joe@example.org> SIZE=7\r\nRCPT TO:<ann@example.com>\r\nRCPT TO:<bob@example.com>\r\nDATA\r\n
            S> 250 ok\r\n250 ok\r\n251 elsewhere\r\n354 go on\r\n
            C> hello\r\n.\r\n
            S: 250 taken
            """)).Should().BeOfType<SendOutcome.Offered>().Which.Recipients.Should().AllBeOfType<RecipientOutcome.Accepted>().And.HaveCount(2);

    [Fact]
    public async Task Each_recipient_has_its_own_outcome()
    {
        var offered = (SendOutcome.Offered)await SendAsync(Usual, Message("hello\r\n", "ann@example.com", "bob@example.com", "cid@example.com", "dan@example.com"), """
            C> MAIL FROM:<joe@example.org> SIZE=7\r\nRCPT TO:<ann@example.com>\r\nRCPT TO:<bob@example.com>\r\nRCPT TO:<cid@example.com>\r\nRCPT TO:<dan@example.com>\r\nDATA\r\n
            S: 250 ok
            S: 250 ok
            S: 450 4.2.0 greylisted
            S: 550-5.1.1 no such user
            S: 550 5.1.1 ask the postmaster
            S: 452 4.5.3 too many
            S: 354 go on
            C> hello\r\n.\r\n
            S: 250 taken
            """);
        offered.Recipients[0].Should().BeOfType<RecipientOutcome.Accepted>();
        offered.Recipients[1].Should().BeOfType<RecipientOutcome.Refused>().Which.Should().Match<RecipientOutcome.Refused>(refused => !refused.IsPermanent && !refused.NextTransaction && refused.Stage == SmtpStage.Rcpt);
        offered.Recipients[2].Should().BeOfType<RecipientOutcome.Refused>().Which.Reply.Should().Match<RemoteReply>(reply => reply.Lines.Count == 2 && reply.ToString() == "550 5.1.1 no such user ask the postmaster");
        offered.Recipients[3].Should().BeOfType<RecipientOutcome.Refused>().Which.NextTransaction.Should().BeTrue();
    }

    [Fact]
    public async Task MAIL_refused_is_refused_for_all_and_the_connection_goes_on()
    {
        var transcript = Start();
        await OpenAsync(transcript, Usual);
        var offered = (SendOutcome.Offered)await SendAsync(transcript, Message("hello\r\n"), """
            C> MAIL FROM:<joe@example.org> SIZE=7\r\nRCPT TO:<ann@example.com>\r\nDATA\r\n
            S: 553 5.7.1 not you
            S: 503 MAIL first
            S: 503 MAIL first
            """);
        offered.Recipients.Single().Should().BeOfType<RecipientOutcome.Refused>().Which.Should().Match<RecipientOutcome.Refused>(refused => refused.IsPermanent && refused.Stage == SmtpStage.Mail && refused.Reply.Code == 553);
        transcript.Client.IsUsable.Should().BeTrue();
        await SendAsync(transcript, Message("again\r\n"), """
            C> MAIL FROM:<joe@example.org> SIZE=7\r\nRCPT TO:<ann@example.com>\r\nDATA\r\n
            S> 250 ok\r\n250 ok\r\n354 go on\r\n
            C> again\r\n.\r\n
            S: 250 taken
            """);
    }

    [Fact]
    public async Task After_a_transaction_without_recipients_comes_RSET()
    {
        var transcript = Start();
        await OpenAsync(transcript, Usual);
        await SendAsync(transcript, Message("hello\r\n"), """
            C> MAIL FROM:<joe@example.org> SIZE=7\r\nRCPT TO:<ann@example.com>\r\nDATA\r\n
            S> 250 ok\r\n550 no\r\n554 no valid recipients\r\n
            """);
        await SendAsync(transcript, Message("again\r\n"), """
            C: RSET
            S: 250 ok
            C> MAIL FROM:<joe@example.org> SIZE=7\r\nRCPT TO:<ann@example.com>\r\nDATA\r\n
            S> 250 ok\r\n250 ok\r\n354 go on\r\n
            C> again\r\n.\r\n
            S: 250 taken
            """);
        (await transcript.RunAsync(async client => { await client.QuitAsync(CancellationToken.None); return true; }, """
            C: QUIT
            S: 221 bye
            * closed
            """)).Should().BeTrue();
    }

    [Fact]
    public async Task Invited_without_a_recipient_the_client_sends_a_dot_and_nothing_else()
        => (await SendOneAsync(Usual, Message("hello\r\n"), """
            C> MAIL FROM:<joe@example.org> SIZE=7\r\nRCPT TO:<ann@example.com>\r\nDATA\r\n
            S> 250 ok\r\n550 5.1.1 no\r\n354 go on\r\n
            C> .\r\n
            S: 250 taken
            """)).Should().BeOfType<RecipientOutcome.Refused>().Which.Reply.Code.Should().Be(550);

    [Theory]
    [InlineData("450 4.7.1 not now", false)]
    [InlineData("554 5.7.1 spam", true)]
    public async Task A_refusal_at_DATA_or_after_the_dot_is_for_all_that_were_accepted(string reply, bool permanent)
    {
        var atData = await SendOneAsync(Usual, Message("hello\r\n"), $"""
            C> MAIL FROM:<joe@example.org> SIZE=7\r\nRCPT TO:<ann@example.com>\r\nDATA\r\n
            S> 250 ok\r\n250 ok\r\n{reply}\r\n
            """);
        atData.Should().BeOfType<RecipientOutcome.Refused>().Which.Should().Match<RecipientOutcome.Refused>(refused => refused.Stage == SmtpStage.Data && refused.IsPermanent == permanent);
        var atEnd = await SendOneAsync(Usual, Message("hello\r\n"), $"""
            C> MAIL FROM:<joe@example.org> SIZE=7\r\nRCPT TO:<ann@example.com>\r\nDATA\r\n
            S> 250 ok\r\n250 ok\r\n354 go on\r\n
            C> hello\r\n.\r\n
            S: {reply}
            """);
        atEnd.Should().BeOfType<RecipientOutcome.Refused>().Which.Should().Match<RecipientOutcome.Refused>(refused => refused.Stage == SmtpStage.EndOfText && refused.IsPermanent == permanent);
    }

    [Fact]
    public async Task Dots_are_doubled_and_the_last_line_gets_its_end()
        => (await SendOneAsync(Old, Message(".\r\n..a\r\n.b"), """
            C: MAIL FROM:<joe@example.org>
            S: 250 ok
            C: RCPT TO:<ann@example.com>
            S: 250 ok
            C: DATA
            S: 354 go on
            C> ..\r\n...a\r\n..b\r\n.\r\n
            S: 250 taken
            """)).Should().BeOfType<RecipientOutcome.Accepted>();

    [Theory]
    [InlineData("a\n.\nb\r\n")]
    [InlineData("a\rb\r\n")]
    [InlineData("a\r\nb\r")]
    public async Task A_bare_line_break_never_goes_by_DATA(string text)
    {
        var transcript = Start();
        await OpenAsync(transcript, Usual);
        var message = Message(text);
        var offered = (SendOutcome.Offered)await transcript.RunAsync(client => client.SendAsync(message, CancellationToken.None), $"""
            C> MAIL FROM:<joe@example.org> SIZE={text.Length}\r\nRCPT TO:<ann@example.com>\r\nDATA\r\n
            S> 250 ok\r\n250 ok\r\n354 go on\r\n
            * closed
            """);
        offered.Recipients.Single().Should().BeOfType<RecipientOutcome.Unsendable>();
        transcript.Transport.IsClosed.Should().BeTrue();
    }

    [Fact]
    public async Task With_CHUNKING_the_octets_go_as_they_are()
        => (await SendOneAsync(Chunks, Message(".\r\n.a"), """
            C> MAIL FROM:<joe@example.org>\r\nRCPT TO:<ann@example.com>\r\n
            S> 250 ok\r\n250 ok\r\n
            C> BDAT 5 LAST\r\n.\r\n.a
            S: 250 taken
            """)).Should().BeOfType<RecipientOutcome.Accepted>();

    [Fact]
    public async Task Without_octets_the_last_chunk_is_empty()
        => (await SendOneAsync(Chunks, Message(""), """
            C> MAIL FROM:<joe@example.org>\r\nRCPT TO:<ann@example.com>\r\n
            S> 250 ok\r\n250 ok\r\n
            C: BDAT 0 LAST
            S: 250 taken
            """)).Should().BeOfType<RecipientOutcome.Accepted>();

    [Fact]
    public async Task With_CHUNKING_nothing_is_sent_to_nobody()
        => (await SendOneAsync(Chunks, Message(), """
            C> MAIL FROM:<joe@example.org>\r\nRCPT TO:<ann@example.com>\r\n
            S> 250 ok\r\n550 no\r\n
            """)).Should().BeOfType<RecipientOutcome.Refused>();

    [Fact]
    public async Task Parameters_are_those_that_the_server_knows()
    {
        var message = Message("hello\r\n") with
        {
            Envelope = new Envelope
            {
                ReversePath = ReversePath.Null, Body = BodyType.EightBitMime, SmtpUtf8 = true, Return = DsnReturn.Headers, EnvelopeId = "QQ+3D", Priority = 3,
                DeliverBy = new DeliverBy(DateTimeOffset.UnixEpoch, DeliverByMode.Notify, Trace: true),
                Recipients = [new EnvelopeRecipient(EmailAddress.Parse("ann@example.com"), DsnNotify.Success | DsnNotify.Delay, "rfc822;ann@example.com"), new EnvelopeRecipient(EmailAddress.Parse("bob@bücher.example"), DsnNotify.Never), new EnvelopeRecipient(EmailAddress.Parse("cid@example.com"))],
            },
        };
        await SendAsync(Usual, message, """
            C: MAIL FROM:<> SIZE=7 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=QQ+3D
            C: RCPT TO:<ann@example.com> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;ann@example.com
            C: RCPT TO:<bob@xn--bcher-kva.example> NOTIFY=NEVER
            C: RCPT TO:<cid@example.com> NOTIFY=FAILURE,DELAY
            C: DATA
            S> 250 ok\r\n250 ok\r\n250 ok\r\n250 ok\r\n354 go on\r\n
            C> hello\r\n.\r\n
            S: 250 taken
            """);
    }

    [Fact]
    public async Task Priority_time_and_protection_are_passed_on_where_they_are_known()
    {
        Settings = Settings with { StartsInTls = true };
        var message = Message("hello\r\n");
        message = message with { Envelope = message.Envelope with { Priority = -3, RequireTls = true, DeliverBy = new DeliverBy(DateTimeOffset.UnixEpoch, DeliverByMode.Return, Trace: false) } };
        await SendAsync("""
            S: 220 mx.example.com ESMTP
            C: EHLO relay.example.org
            S: 250-mx.example.com
            S: 250-REQUIRETLS
            S: 250-DELIVERBY
            S: 250 MT-PRIORITY
            """, message, """
            C: MAIL FROM:<joe@example.org> REQUIRETLS MT-PRIORITY=-3 BY=1;R
            S: 250 ok
            C: RCPT TO:<ann@example.com>
            S: 250 ok
            C: DATA
            S: 354 go on
            C> hello\r\n.\r\n
            S: 250 taken
            """);
    }

    public static TheoryData<Func<Envelope, Envelope>, ServerLack> Needs => new()
    {
        { envelope => envelope with { Body = BodyType.EightBitMime }, ServerLack.EightBitMime },
        { envelope => envelope with { Body = BodyType.BinaryMime }, ServerLack.BinaryMime },
        { envelope => envelope with { SmtpUtf8 = true, Body = BodyType.EightBitMime }, ServerLack.SmtpUtf8 | ServerLack.EightBitMime },
        { envelope => envelope with { Recipients = [new EnvelopeRecipient(EmailAddress.Parse("änne@example.com"))] }, ServerLack.SmtpUtf8 },
        { envelope => envelope with { RequireTls = true }, ServerLack.RequireTls },
    };

    [Theory]
    [MemberData(nameof(Needs))]
    public async Task What_a_server_lacks_is_told_before_anything_is_sent(Func<Envelope, Envelope> needing, ServerLack lack)
    {
        var message = Message();
        var transcript = Start();
        await OpenAsync(transcript, Old);
        (await SendAsync(transcript, message with { Envelope = needing(message.Envelope) }, "")).Should().Be(new SendOutcome.Unsuitable(lack));
        transcript.Client.IsUsable.Should().BeTrue();
    }

    [Fact]
    public async Task A_message_beyond_SIZE_is_not_sent()
    {
        (await SendAsync(Usual, Message(new string('x', 1001)), "")).Should().Be(new SendOutcome.Unsuitable(ServerLack.Size));
        (await SendAsync(Usual.Replace("SIZE 1000", "SIZE 0", StringComparison.Ordinal), Message(Encoding.ASCII.GetBytes(new string('x', 1001))), """
            C> MAIL FROM:<joe@example.org> SIZE=1001\r\nRCPT TO:<ann@example.com>\r\nDATA\r\n
            S> 250 ok\r\n550 no\r\n554 no\r\n
            """)).Should().BeOfType<SendOutcome.Offered>();
    }

    [Fact]
    public async Task LMTP_answers_for_each_recipient_that_it_accepted()
    {
        Options = Options with { Lmtp = true };
        var offered = (SendOutcome.Offered)await SendAsync("""
            S: 220 mx.example.com LMTP
            C: LHLO relay.example.org
            S: 250-mx.example.com
            S: 250 PIPELINING
            """, Message("hello\r\n", "ann@example.com", "bob@example.com", "cid@example.com"), """
            C> MAIL FROM:<joe@example.org>\r\nRCPT TO:<ann@example.com>\r\nRCPT TO:<bob@example.com>\r\nRCPT TO:<cid@example.com>\r\nDATA\r\n
            S> 250 ok\r\n250 ok\r\n550 5.1.1 no\r\n250 ok\r\n354 go on\r\n
            C> hello\r\n.\r\n
            S: 250 2.0.0 for ann
            S: 452 4.2.2 over quota
            """);
        offered.Recipients[0].Should().BeOfType<RecipientOutcome.Accepted>().Which.Reply.ToString().Should().Be("250 2.0.0 for ann");
        offered.Recipients[1].Should().BeOfType<RecipientOutcome.Refused>().Which.Stage.Should().Be(SmtpStage.Rcpt);
        offered.Recipients[2].Should().BeOfType<RecipientOutcome.Refused>().Which.Should().Match<RecipientOutcome.Refused>(refused => refused.Stage == SmtpStage.EndOfText && !refused.IsPermanent);
    }

    [Fact]
    public async Task Many_recipients_go_in_groups_and_keep_their_order()
    {
        string[] recipients = [.. Enumerable.Range(0, 120).Select(i => FormattableString.Invariant($"user{i}@example.com"))];
        var script = new StringBuilder("C: MAIL FROM:<joe@example.org>\n");
        for (var i = 0; i <= 120; i++)
        {
            if (i is 49 or 99) script.Append(System.Globalization.CultureInfo.InvariantCulture, $"{Replies(i == 49 ? -1 : 49, i)}");
            if (i < 120) script.Append(System.Globalization.CultureInfo.InvariantCulture, $"C: RCPT TO:<user{i}@example.com>\n");
        }
        script.Append(Replies(99, 120)).Append("C> BDAT 0 LAST\\r\\n\nS: 250 taken\n");
        var offered = (SendOutcome.Offered)await SendAsync(Chunks, Message("", recipients), script.ToString());
        offered.Recipients.Select(outcome => outcome is RecipientOutcome.Accepted).Should().Equal(Enumerable.Range(0, 120).Select(i => i % 7 != 0));

        static string Replies(int from, int to) => string.Concat(Enumerable.Range(from, to - from).Select(i => i >= 0 && i % 7 == 0 ? "S: 550 no\n" : "S: 250 ok\n"));
    }
}
