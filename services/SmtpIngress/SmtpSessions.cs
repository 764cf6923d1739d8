using Merpati.Accounts;
using Merpati.Protocols.Smtp;
using Merpati.Protocols.Wire;
using Merpati.SmtpIngress.Acceptance;
using Merpati.SmtpIngress.Door;
using Merpati.SmtpIngress.Recipients;
using Merpati.SmtpIngress.Senders;
using Merpati.SmtpIngress.Sessions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Merpati.SmtpIngress;

/// <summary>Takes mail from the outside and from our users. Listeners give it their connections; it opens none itself.</summary>
public sealed class SmtpSessions
{
    private readonly IDirectory _directory;
    private readonly DoorPolicy _door;
    private readonly HiddenClients _hidden;
    private readonly Greylist _greylist;
    private readonly SenderPolicy _senders;
    private readonly RecipientPolicy _recipients;
    private readonly MessageAcceptance _acceptance;
    private readonly StoreRoom _room;
    private readonly IngressMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<SmtpSessions> _logger;
    private readonly SmtpServerOptions _mx;
    private readonly SmtpServerOptions _submission;

    internal SmtpSessions(IDirectory directory, DoorPolicy door, HiddenClients hidden, Greylist greylist, SenderPolicy senders, RecipientPolicy recipients, MessageAcceptance acceptance, StoreRoom room,
        IngressMetrics metrics, IOptions<SmtpIngressOptions> options, TimeProvider time, ILogger<SmtpSessions> logger)
    {
        (_directory, _door, _hidden, _greylist, _senders, _recipients, _acceptance, _room, _metrics, _time, _logger) = (directory, door, hidden, greylist, senders, recipients, acceptance, room, metrics, time, logger);
        (_mx, _submission) = (options.Value.ForRole(SmtpRole.Mx), options.Value.ForRole(SmtpRole.Submission));
    }

    /// <summary>For a connection that is one too many (RFC 5321 §3.8).</summary>
    public static string BusyLine(string hostName) => $"421 4.3.2 {hostName} too many connections, try again later\r\n";

    /// <summary>Serves one connection until it ends; the caller closes the transport afterwards. Faults are logged here and do not come out.</summary>
    public async ValueTask RunAsync(ITransport transport, SmtpRole role, SessionLifetime lifetime)
    {
        using var scope = _logger.BeginSession(role, transport.RemoteEndPoint);
        using var connection = _metrics.CountConnection(role);
        await using var session = new IngressSession(role, transport, _directory, _door, _hidden, _greylist, _senders, _recipients, _acceptance, _room, _metrics, _time, _logger);
        await new SmtpConnection(transport, session, role == SmtpRole.Submission ? _submission : _mx, _time, _logger).RunAsync(lifetime).ConfigureAwait(false);
    }
}
