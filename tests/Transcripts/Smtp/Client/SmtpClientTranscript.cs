using System.Text;
using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.Protocols.Smtp.Client;
using Merpati.Relaying;
using Merpati.TestKit;
using Merpati.TestKit.Smtp;

namespace Merpati.Tests.Transcripts.Smtp.Client;

/// <summary>The SMTP client against servers that are scripts.</summary>
public abstract class SmtpClientTranscript
{
    /// <summary>A session with a server that knows nothing.</summary>
    protected const string Old = """
        S: 220 mx.example.com ESMTP
        C: EHLO relay.example.org
        S: 500 what?
        C: HELO relay.example.org
        S: 250 mx.example.com
        """;

    /// <summary>A session with a server that knows the usual.</summary>
    protected const string Usual = """
        S: 220 mx.example.com ESMTP
        C: EHLO relay.example.org
        S: 250-mx.example.com
        S: 250-PIPELINING
        S: 250-8BITMIME
        S: 250-SMTPUTF8
        S: 250-DSN
        S: 250 SIZE 1000
        """;

    protected const string Chunks = """
        S: 220 mx.example.com ESMTP
        C: EHLO relay.example.org
        S: 250-mx.example.com
        S: 250-PIPELINING
        S: 250 CHUNKING
        """;

    protected SmtpClientOptions Options { get; set; } = new() { HostName = "relay.example.org" };

    protected TransportSettings Settings { get; set; } = new();

    protected TlsFault? Handshake { get; set; }

    protected TlsPolicy Policy { get; set; } = new TlsPolicy.None();

    protected SmtpCredential? Credential { get; set; }

    protected ClientTranscript Start() => new(Options, Settings, Handshake);

    protected async Task<OpenOutcome> OpenAsync(string script) => await OpenAsync(Start(), script);

    protected async Task<OpenOutcome> OpenAsync(ClientTranscript transcript, string script)
        => await transcript.RunAsync(client => client.OpenAsync(Policy, null, Credential, CancellationToken.None), script);

    /// <summary>Opens a session by one script and sends a message by another.</summary>
    protected async Task<SendOutcome> SendAsync(string opening, OutgoingMessage message, string script)
    {
        var transcript = Start();
        await OpenAsync(transcript, opening);
        return await SendAsync(transcript, message, script);
    }

    protected static async Task<SendOutcome> SendAsync(ClientTranscript transcript, OutgoingMessage message, string script)
        => await transcript.RunAsync(client => client.SendAsync(message, CancellationToken.None), script);

    /// <summary>The outcome for the one recipient.</summary>
    protected async Task<RecipientOutcome> SendOneAsync(string opening, OutgoingMessage message, string script)
        => ((SendOutcome.Offered)await SendAsync(opening, message, script)).Recipients.Single();

    protected static OutgoingMessage Message(string text = "Subject: hello\r\n\r\nhello\r\n", params string[] recipients) => Message(Encoding.UTF8.GetBytes(text), recipients);

    protected static OutgoingMessage Message(byte[] octets, params string[] recipients) => new()
    {
        Envelope = new Envelope
        {
            ReversePath = new ReversePath(EmailAddress.Parse("joe@example.org")),
            Recipients = [.. (recipients.Length == 0 ? ["ann@example.com"] : recipients).Select(address => new EnvelopeRecipient(EmailAddress.Parse(address)))],
        },
        Size = octets.Length,
        OpenAsync = _ => ValueTask.FromResult<Stream>(new MemoryStream(octets)),
    };
}
