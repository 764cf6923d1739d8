using Merpati.Protocols.Smtp;
using Merpati.TestKit;
using Merpati.TestKit.Smtp;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Merpati.Tests.Transcripts.Smtp;

/// <summary>The SMTP engine over a connection in memory, with a session that takes everything.</summary>
public abstract class SmtpTranscript
{
    /// <summary>The first lines of most sessions.</summary>
    protected const string Hello = """
        S: 220 mail.example.test ESMTP Merpati
        C: HELO client.example.org
        S: 250 mail.example.test

        """;

    protected const string Recipient = Hello + """
        C: MAIL FROM:<joe@example.org>
        S: 250 2.1.0 Sender OK
        C: RCPT TO:<ann@example.test>
        S: 250 2.1.5 Recipient OK

        """;

    protected RecordingSession Session { get; } = new();

    protected FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 11, 24, 12, 0, 0, TimeSpan.Zero));

    protected SmtpServerOptions Options { get; set; } = new() { HostName = "mail.example.test" };

    protected TransportSettings Settings { get; set; } = new();

    protected Transcript Start() => new((transport, lifetime) => new SmtpConnection(transport, Session, Options, Time, NullLogger.Instance).RunAsync(lifetime), Settings, Time);

    protected async Task RunAsync(string script)
    {
        await using var transcript = Start();
        await transcript.RunAsync(script);
    }
}
