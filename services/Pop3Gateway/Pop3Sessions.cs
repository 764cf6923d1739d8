using Merpati.Accounts;
using Merpati.Mailboxes;
using Merpati.Protocols.Pop3;
using Merpati.Protocols.Wire;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Merpati.Pop3Gateway;

/// <summary>Runs a POP3 session on each connection that a listener hands over, on port 110 (STLS) and on port 995 (TLS from the start) alike.</summary>
public sealed class Pop3Sessions(IDirectory directory, IMailboxes mailboxes, IMaildropLock locks, IOptions<Pop3GatewayOptions> options, TimeProvider time, ILogger<Pop3Sessions> logger, ITokenCheck? tokens = null)
{
    /// <summary>For a connection that is one too many (RFC 3206 §4).</summary>
    public const string BusyLine = "-ERR [SYS/TEMP] Too many connections, try again later\r\n";

    private readonly Pop3Ports _ports = new(directory, mailboxes, locks, new Pop3Telemetry()) { Tokens = tokens, Delays = new LoginDelays(options.Value.LoginDelay, time) };
    private readonly Pop3Settings _settings = options.Value.ToSettings();

    /// <summary>Returns when the session has ended and its maildrop is unlocked; the caller closes the transport. Throws nothing that a client can cause.</summary>
    public async ValueTask RunAsync(ITransport transport, SessionLifetime lifetime)
    {
        Pop3Telemetry.SessionStarts();
        try { await new Pop3Connection(transport, _ports, _settings, time, logger).RunAsync(lifetime).ConfigureAwait(false); }
        finally { Pop3Telemetry.SessionEnds(); }
    }
}
