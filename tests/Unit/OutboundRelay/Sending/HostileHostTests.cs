using AwesomeAssertions;
using Merpati.OutboundRelay.Sending;
using Merpati.Protocols.Smtp.Client;
using Merpati.TestKit.Smtp;
using Xunit;
using static Merpati.Tests.Unit.OutboundRelay.Sending.DialerFixture;

namespace Merpati.Tests.Unit.OutboundRelay.Sending;

/// <summary>Hosts on loopback that do not answer, answer for ever, or answer nonsense, at each stage: none of them holds us, and none is taken for one that has the message, or surely has it not.</summary>
public sealed class HostileHostTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(300);

    private static readonly SmtpClientOptions Impatient = Client with { GreetingTimeout = Short, HelloTimeout = Short, MailTimeout = Short, RcptTimeout = Short, DataTimeout = Short, EndTimeout = Short };

    public static TheoryData<string, SmtpStage> BeforeMail => new() { { ScriptedSmtpServer.Greeting, SmtpStage.Greeting }, { "EHLO", SmtpStage.Hello } };

    public static TheoryData<string, SmtpStage> InTransaction => new() { { "MAIL", SmtpStage.Mail }, { "RCPT", SmtpStage.Rcpt }, { "DATA", SmtpStage.Data }, { ScriptedSmtpServer.EndOfText, SmtpStage.EndOfText } };

    [Theory]
    [MemberData(nameof(BeforeMail))]
    public async Task Before_a_session_silence_and_drips_end_when_patience_does(string at, SmtpStage stage)
    {
        foreach (var answer in (ScriptedAnswer[])[ScriptedAnswer.Silence, ScriptedAnswer.Drip("250-" + new string('x', 10_000), TimeSpan.FromMilliseconds(20))])
            (await LossOfDialAsync(at, answer, Impatient)).Should().Match<ConnectionLoss>(loss => loss.Reason == LossReason.TimedOut && loss.Stage == stage);
    }

    [Theory]
    [MemberData(nameof(BeforeMail))]
    public async Task Before_a_session_what_is_no_reply_or_has_no_end_closes_the_connection(string at, SmtpStage stage)
    {
        foreach (var answer in Nonsense)
            (await LossOfDialAsync(at, answer, Client)).Should().Match<ConnectionLoss>(loss => loss.Reason == LossReason.Malformed && loss.Stage == stage);
    }

    [Theory]
    [MemberData(nameof(InTransaction))]
    public async Task In_a_transaction_silence_and_drips_end_when_patience_does(string at, SmtpStage stage)
    {
        foreach (var answer in (ScriptedAnswer[])[ScriptedAnswer.Silence, ScriptedAnswer.Drip("250-" + new string('x', 10_000), TimeSpan.FromMilliseconds(20))])
            (await LossAsync(at, answer, Impatient)).Should().Match<ConnectionLoss>(loss => loss.Reason == LossReason.TimedOut && loss.Stage == stage);
    }

    [Theory]
    [MemberData(nameof(InTransaction))]
    public async Task In_a_transaction_what_is_no_reply_or_has_no_end_closes_the_connection(string at, SmtpStage stage)
    {
        foreach (var answer in Nonsense)
            (await LossAsync(at, answer, Client)).Should().Match<ConnectionLoss>(loss => loss.Reason == LossReason.Malformed && loss.Stage == stage);
    }

    [Fact]
    public async Task A_yes_that_comes_with_the_invitation_is_not_the_answer_to_the_message()
    {
        await using var server = ScriptedSmtpServer.Start(command => command.Is("DATA") ? "354 go on\r\n250 2.0.0 taken" : null);
        (await SendAsync(server, Message("hello\r\n"u8.ToArray()))).Should().NotContain(outcome => outcome is RecipientOutcome.Accepted);
        server.Messages.Should().BeEmpty();
    }

    private static IEnumerable<ScriptedAnswer> Nonsense =>
    [
        .. ((string[])["hello there", "2500 too long a code", "25", "699 no such kind", "\0\0\0\0", new string('9', 5000), "250-one\r\nno code at all"]).Select(ScriptedAnswer.Say),
        ScriptedAnswer.Repeat("250-and so on\r\n"), ScriptedAnswer.Repeat("x"),
    ];

    private static async Task<ConnectionLoss> LossOfDialAsync(string at, ScriptedAnswer answer, SmtpClientOptions client)
    {
        await using var server = ScriptedSmtpServer.Start(command => command.Is(at) ? answer : null);
        return (await DialAsync(server, client: client)).Should().BeOfType<DialOutcome.NotOpened>().Which.Outcome.Should().BeOfType<OpenOutcome.Lost>().Which.Loss;
    }

    /// <summary>After the end of the message nothing is known; before it the server surely has it not.</summary>
    private static async Task<ConnectionLoss> LossAsync(string at, ScriptedAnswer answer, SmtpClientOptions client)
    {
        await using var server = ScriptedSmtpServer.Start(command => command.Is(at) ? answer : null);
        // Commands one by one: else the reply to the next one would come in the place of the one that is kept back.
        server.Keywords = ["8BITMIME"];
        var outcome = (await SendAsync(server, Message("hello\r\n"u8.ToArray()), client: client)).Single();
        return at == ScriptedSmtpServer.EndOfText ? outcome.Should().BeOfType<RecipientOutcome.Unknown>().Which.Loss : outcome.Should().BeOfType<RecipientOutcome.Lost>().Which.Loss;
    }
}
