using System.Net;
using System.Net.Sockets;
using Merpati.Platform.Health;
using Merpati.Platform.Listeners;
using Merpati.Platform.Tls;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Merpati.Platform.Hosting;

/// <summary>The settings that decide where a mail port listens, as the operator knows them: an error names them.</summary>
public sealed record PortSettings(string Port, string Address);

/// <summary>
/// Opens the mail ports when everything behind them is ready, and drains them first of all when the process stops: to be registered as the last
/// hosted service.
/// </summary>
public sealed class MailPorts(IReadOnlyList<MailPort> ports, PortSettings settings, CertificateSource certificates, ConnectionLimits limits, Readiness readiness, TimeProvider time, ILogger<MailListener> logger) : IHostedService
{
    private readonly List<MailListener> _listeners = [];

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        // All ports or none: nobody is let in before we know that we will stay.
        foreach (var port in ports)
        {
            var listener = new MailListener(port, certificates, limits, time, logger);
            _listeners.Add(listener);
            try { listener.Bind(); }
            catch (SocketException e)
            {
                foreach (var bound in _listeners) await bound.DisposeAsync();
                throw new IOException($"The port for {port.Name} cannot be opened: {port.EndPoint} is {Explain(e)}.", e);
            }
        }
        foreach (var listener in _listeners) listener.Start();
        readiness.Ready();
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        readiness.NotReady("The server is stopping.");
        await Task.WhenAll(_listeners.Select(listener => listener.StopAsync(cancellationToken)));
        foreach (var listener in _listeners) await listener.DisposeAsync();
    }

    private string Explain(SocketException e) => e.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse => $"in use by another process; choose another {settings.Port}",
        SocketError.AccessDenied => $"only for root; choose another {settings.Port}",
        SocketError.AddressNotAvailable => $"not an address of this machine; choose another {settings.Address}",
        _ => "not available: " + e.Message,
    };
}
