using System.Net;
using System.Text;
using AwesomeAssertions;
using Merpati.Protocols.Smtp;
using Merpati.TestKit;
using Merpati.TestKit.Smtp;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Merpati.Tests.Unit.Protocols.Smtp;

/// <summary>Walks every state and every verb: the server does what the table says, and the session survives.</summary>
public sealed class CommandTableTests
{
    private const string Hello = "EHLO a\r\n";
    private const string Mail = Hello + "MAIL FROM:<a@example.org>\r\n";
    private const string Recipients = Mail + "RCPT TO:<ann@example.test>\r\n";

    private static readonly IPNetwork[] Everybody = [IPNetwork.Parse("0.0.0.0/0"), IPNetwork.Parse("::/0")];

    private static readonly Dictionary<SmtpStates, string> WayTo = new()
    {
        [SmtpStates.Connected] = "",
        [SmtpStates.Ready] = Hello,
        [SmtpStates.Mail] = Mail,
        [SmtpStates.Recipients] = Recipients,
        [SmtpStates.Chunks] = Recipients + "BDAT 1\r\nx",
    };

    public static TheoryData<string, SmtpStates> All
    {
        get
        {
            var all = new TheoryData<string, SmtpStates>();
            foreach (var command in SmtpCommand.Table)
            {
                foreach (var state in WayTo.Keys) all.Add(command.Verb, state);
            }
            return all;
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Is_refused_exactly_where_the_table_says(string verb, SmtpStates state)
    {
        var command = SmtpCommand.Table.Single(other => other.Verb == verb);
        var session = new RecordingSession();
        var options = new SmtpServerOptions { HostName = "mail.example.test", OfferAuth = true, XClientNetworks = Everybody, XForwardNetworks = Everybody };
        var argument = verb switch { "STARTTLS" or "DATA" => " x", "BDAT" => " 0", _ => "" };
        await using var transcript = new Transcript((transport, lifetime) => new SmtpConnection(transport, session, options, TimeProvider.System, NullLogger.Instance).RunAsync(lifetime));
        await transcript.Client().Output.WriteAsync(Encoding.ASCII.GetBytes($"{WayTo[state]}{verb}{argument}\r\nHELP\r\nQUIT\r\n"));
        var replies = await transcript.ReadToEndAsync();
        var outOfSequence = session.Refusals.Any(refusal => refusal.Verb == verb && refusal.Reply.Code == 503);
        outOfSequence.Should().Be(!command.AllowedIn.HasFlag(state), replies);
        replies.Should().Contain("\r\n221 2.0.0 ");
        session.OpenReceivers.Should().Be(0);
    }
}
