using Merpati.Accounts;
using Merpati.Mailboxes;
using Merpati.Protocols.Imap;
using Merpati.Protocols.Wire;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Merpati.ImapGateway;

/// <summary>Serves IMAP connections; the listeners of ports 143 and 993 call it.</summary>
public sealed class ImapSessions
{
    /// <summary>For a connection that is one too many (RFC 3501 §7.1.5).</summary>
    public const string BusyLine = "* BYE [UNAVAILABLE] Too many connections, try again later\r\n";

    private readonly ImapEngine _engine;
    private readonly ImapTelemetry _telemetry;

    internal ImapSessions(IOptions<ImapGatewayOptions> options, IDirectory directory, IMailboxes mailboxes, IMailboxChangeFeed feed,
        TimeProvider time, ILogger<ImapEngine> log, ImapTelemetry telemetry, ITokenCheck? tokens)
    {
        _telemetry = telemetry;
        _engine = new ImapEngine(options.Value.ToEngine(), directory, mailboxes, feed, time, log, telemetry, tokens);
    }

    /// <summary>One connection from greeting to goodbye. With implicit TLS the transport is encrypted already; the caller closes it.</summary>
    public async ValueTask RunAsync(ITransport transport, SessionLifetime lifetime)
    {
        _telemetry.SessionOpened();
        try { await _engine.RunAsync(transport, lifetime); }
        finally { _telemetry.SessionClosed(); }
    }
}
