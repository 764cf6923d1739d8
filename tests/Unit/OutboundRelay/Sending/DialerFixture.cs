using System.Security.Cryptography.X509Certificates;
using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.OutboundRelay.Sending;
using Merpati.Protocols.Smtp.Client;
using Merpati.Relaying;
using Merpati.TestKit.Smtp;
using Microsoft.Extensions.Logging.Abstractions;

namespace Merpati.Tests.Unit.OutboundRelay.Sending;

/// <summary>The dialer on loopback.</summary>
internal static class DialerFixture
{
    public static readonly SmtpClientOptions Client = new() { HostName = "relay.example.org" };

    public static async Task<DialOutcome> DialAsync(
        ScriptedSmtpServer server, TlsPolicy? policy = null, TlsPolicy? tested = null, X509Certificate2Collection? authorities = null, Func<DialTarget, DialTarget>? with = null, SmtpClientOptions? client = null, SendingOptions? options = null)
    {
        var target = new DialTarget(server.EndPoint, "mx.example.com", policy ?? new TlsPolicy.None(), tested);
        return await new SmtpDialer(options ?? new SendingOptions(), client ?? Client, TimeProvider.System, NullLogger<SmtpDialer>.Instance, authorities).DialAsync(with?.Invoke(target) ?? target, CancellationToken.None);
    }

    /// <summary>Dials, sends one message and hangs up.</summary>
    public static async Task<IReadOnlyList<RecipientOutcome>> SendAsync(ScriptedSmtpServer server, OutgoingMessage message, TlsPolicy? policy = null, Func<DialTarget, DialTarget>? with = null, SmtpClientOptions? client = null)
    {
        var connected = (DialOutcome.Connected)await DialAsync(server, policy, with: with, client: client);
        await using var connection = connected.Connection;
        var offered = (SendOutcome.Offered)await connection.SendAsync(message, CancellationToken.None);
        await connection.QuitAsync(CancellationToken.None);
        return offered.Recipients;
    }

    public static OutgoingMessage Message(byte[] octets, params string[] recipients) => new()
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
