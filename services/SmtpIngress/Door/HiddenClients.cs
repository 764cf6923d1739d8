using System.Net;
using Merpati.Platform.Health;
using Merpati.Platform.Listeners;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Merpati.SmtpIngress.Door;

/// <summary>
/// Notices that every client of port 25 seems to have the same private address: a load balancer hides them, and then limits, checks and lists are of no use, for all strangers look like a friend.
/// Readiness says so in a sentence, until another client is seen. Whoever has one client only, such as a filter in front, names it among the trusted or exempt networks.
/// </summary>
internal sealed class HiddenClients
{
    private const string Dependency = "client addresses";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly Lock _turn = new();
    private readonly TrustedNetworks _private = new(DoorPolicy.PrivateNetworks);
    private readonly TrustedNetworks _expected;
    private readonly int _after;
    private readonly Readiness _readiness;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private IPAddress? _only;
    private DateTimeOffset _since;
    private int _connections;
    private bool _isHidden;
    private bool _isOver;

    public HiddenClients(IOptions<SmtpIngressOptions> options, Readiness readiness, TimeProvider time, ILogger<HiddenClients> logger)
    {
        (_readiness, _time, _logger) = (readiness, time, logger);
        _after = options.Value.HiddenClientsAfter;
        _expected = new TrustedNetworks([.. options.Value.TrustedNetworks, .. options.Value.Checks.ExemptNetworks]);
        _isOver = _after == 0;
    }

    public void See(IPAddress client)
    {
        if (_isOver || IPAddress.IsLoopback(client)) return;
        lock (_turn)
        {
            if (_isOver) return;
            _only ??= client;
            if (_connections == 0) _since = _time.GetUtcNow();
            if (!client.Equals(_only) || !_private.Contains(client) || _expected.Contains(client))
            {
                _isOver = true;
                _readiness.Found(Dependency);
                return;
            }
            if (++_connections < _after || _time.GetUtcNow() - _since < Patience) return;
            if (!_isHidden) _logger.ClientsHidden(client, _connections);
            _isHidden = true;
            _readiness.Missing(Dependency, $"All clients of port 25 seem to have the address {client}: something hides them. Let it send the PROXY header (connections:proxyProtocol:networks), use externalTrafficPolicy: Local, or name the only client in smtpIngress:trustedNetworks.");
        }
    }
}
