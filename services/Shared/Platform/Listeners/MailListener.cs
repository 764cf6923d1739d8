using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Merpati.Platform.Tls;
using Merpati.Protocols.Wire;
using Microsoft.Extensions.Logging;

namespace Merpati.Platform.Listeners;

/// <summary>
/// Accepts connections on one port and runs a session for each. Stopping drains: no new connections, the sessions are asked to say goodbye,
/// and after the drain time what is left is cut.
/// </summary>
public sealed class MailListener : IAsyncDisposable
{
    private static readonly Meter Meter = new("Merpati.Platform");
    private static readonly UpDownCounter<int> Open = Meter.CreateUpDownCounter<int>("merpati.listener.open.connections", "{connection}", "Open connections by port");
    private static readonly Counter<long> Accepted = Meter.CreateCounter<long>("merpati.listener.accepted.connections", "{connection}", "Accepted connections by port");
    private static readonly Counter<long> Rejected = Meter.CreateCounter<long>("merpati.listener.rejected.connections", "{connection}", "Connections over a limit, with a failed TLS handshake or without the PROXY header of a proxy, by port and reason");

    private readonly MailPort _port;
    private readonly CertificateSource _certificates;
    private readonly ConnectionLimits _limits;
    private readonly TrustedNetworks _proxies;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly KeyValuePair<string, object?> _tag;
    private readonly CancellationTokenSource _draining = new();
    private readonly CancellationTokenSource _aborted = new();
    private readonly ConcurrentDictionary<SocketTransport, Task> _sessions = new();
    private readonly ConcurrentDictionary<ClientNetwork, int> _perAddress = new();
    private Socket? _listener;
    private Task _accepting = Task.CompletedTask;

    public MailListener(MailPort port, CertificateSource certificates, ConnectionLimits limits, TimeProvider time, ILogger logger)
    {
        _port = port;
        _certificates = certificates;
        _limits = limits;
        _proxies = new TrustedNetworks(limits.ProxyProtocol.Networks);
        _time = time;
        _logger = logger;
        _tag = new KeyValuePair<string, object?>("port", port.Name);
    }

    /// <summary>Where it really listens; the port is known even when 0 was asked for.</summary>
    public IPEndPoint EndPoint => (IPEndPoint?)_listener?.LocalEndPoint ?? _port.EndPoint;

    /// <summary>Takes the port; connections wait in the backlog until <see cref="Start"/>.</summary>
    /// <exception cref="SocketException">The address cannot be bound.</exception>
    public void Bind()
    {
        _listener = new Socket(_port.EndPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        if (_port.EndPoint.Address.Equals(IPAddress.IPv6Any)) _listener.DualMode = true;
        try
        {
            _listener.Bind(_port.EndPoint);
            _listener.Listen(1024);
        }
        catch (SocketException)
        {
            _listener.Dispose();
            _listener = null;
            throw;
        }
    }

    /// <summary>Begins to accept.</summary>
    public void Start()
    {
        ListenerLog.Listening(_logger, _port.Name, EndPoint);
        _accepting = AcceptAsync(_listener ?? throw new InvalidOperationException("Bind first."));
    }

    /// <summary>Drains; returns when the last session has ended or was cut.</summary>
    public async Task StopAsync(CancellationToken hurry)
    {
        _listener?.Dispose();
        await _accepting.ConfigureAwait(false);
        await _draining.CancelAsync().ConfigureAwait(false);
        using var deadline = new CancellationTokenSource(_limits.Drain, _time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, hurry);
        try { await Task.WhenAll(_sessions.Values).WaitAsync(stop.Token).ConfigureAwait(false); }
        catch (OperationCanceledException)
        {
            ListenerLog.SessionsCut(_logger, _port.Name, _sessions.Count);
            await _aborted.CancelAsync().ConfigureAwait(false);
            foreach (var transport in _sessions.Keys) transport.Abort();
            await Task.WhenAll(_sessions.Values).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(new CancellationToken(canceled: true)).ConfigureAwait(false);
        _draining.Dispose();
        _aborted.Dispose();
    }

    private async Task AcceptAsync(Socket listener)
    {
        while (true)
        {
            Socket socket;
            try { socket = await listener.AcceptAsync().ConfigureAwait(false); }
            catch (ObjectDisposedException) { return; }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.OperationAborted or SocketError.Interrupted or SocketError.InvalidArgument) { return; }
            catch (SocketException e)
            {
                // Out of descriptors, or a connection that was gone before it was accepted: others must still get in.
                ListenerLog.AcceptFailed(_logger, _port.Name, e.Message);
                await Task.Delay(TimeSpan.FromMilliseconds(50), _time).ConfigureAwait(false);
                continue;
            }
            Accepted.Add(1, _tag);
            try { Begin(socket); }
            catch (SocketException) { socket.Dispose(); } // it was gone before we could look at it
        }
    }

    private void Begin(Socket socket)
    {
        socket.NoDelay = true;
        var transport = new SocketTransport(socket, _certificates, _limits.TlsHandshake, _time);
        var portIsFull = _sessions.Count >= _limits.PerPort;
        var begin = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var task = ServeAsync(begin.Task, transport, portIsFull);
        _sessions.TryAdd(transport, task);
        begin.SetResult();
    }

    private async Task ServeAsync(Task begin, SocketTransport transport, bool portIsFull)
    {
        await begin.ConfigureAwait(false);
        Open.Add(1, _tag);
        ClientNetwork? counted = null;
        try
        {
            var isProxy = _proxies.Contains(transport.RemoteEndPoint.Address);
            // Who the client is has to be known before it is counted; of a port that is full nobody needs to know.
            if (isProxy && !portIsFull)
            {
                if (await ReadProxyHeaderAsync(transport).ConfigureAwait(false) is not { } hasClient) return;
                isProxy = !hasClient;
            }
            if (portIsFull || !TryCount(transport.RemoteEndPoint.Address, isProxy, out counted))
            {
                Rejected.Add(1, _tag, new KeyValuePair<string, object?>("reason", "too many connections"));
                ListenerLog.TooManyConnections(_logger, _port.Name, transport.RemoteEndPoint);
                if (!_port.ImplicitTls)
                {
                    await transport.Output.WriteAsync(Encoding.ASCII.GetBytes(_port.Busy), _aborted.Token).ConfigureAwait(false);
                }
                return;
            }
            if (_port.ImplicitTls) await transport.UpgradeToTlsAsync(_aborted.Token).ConfigureAwait(false);
            await _port.Session(transport, new SessionLifetime(_draining.Token, _aborted.Token)).ConfigureAwait(false);
        }
        catch (IOException e) when (transport.Tls is null && _port.ImplicitTls)
        {
            Rejected.Add(1, _tag, new KeyValuePair<string, object?>("reason", "TLS handshake"));
            ListenerLog.HandshakeFailed(_logger, _port.Name, transport.RemoteEndPoint, e.Message);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            ListenerLog.ConnectionLost(_logger, _port.Name, transport.RemoteEndPoint, e.Message);
        }
#pragma warning disable CA1031 // The last catch of a session: one broken session never ends the listener.
        catch (Exception e)
#pragma warning restore CA1031
        {
            ListenerLog.SessionFailed(_logger, e, _port.Name, transport.RemoteEndPoint);
        }
        finally
        {
            await transport.DisposeAsync().ConfigureAwait(false);
            if (counted is { } key) Release(key);
            _sessions.TryRemove(transport, out _);
            Open.Add(-1, _tag);
        }
    }

    /// <summary>True when the proxy said who its client is, false when it speaks for itself, null when the connection is of no use.</summary>
    private async ValueTask<bool?> ReadProxyHeaderAsync(SocketTransport transport)
    {
        try { return await transport.ReadProxyHeaderAsync(_limits.ProxyProtocol.Timeout, _aborted.Token).ConfigureAwait(false); }
        catch (EndOfStreamException e)
        {
            // What the probes of a load balancer do.
            ListenerLog.ProxyLeft(_logger, _port.Name, transport.RemoteEndPoint, e.Message);
            return null;
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            Rejected.Add(1, _tag, new KeyValuePair<string, object?>("reason", "PROXY header"));
            ListenerLog.ProxyHeaderRefused(_logger, _port.Name, transport.RemoteEndPoint, e.Message);
            return null;
        }
    }

    /// <summary>Counts a connection of the address; false when it is one too many.</summary>
    /// <param name="isProxy">It is a proxy that speaks for itself: its health checks are not a client's.</param>
    /// <param name="counted">What to release; null when it does not count.</param>
    private bool TryCount(IPAddress address, bool isProxy, out ClientNetwork? counted)
    {
        counted = null;
        if (isProxy || (_limits.LoopbackIsExempt && IPAddress.IsLoopback(address))) return true;
        var key = ClientNetwork.Of(address);
        counted = key;
        return _perAddress.AddOrUpdate(key, 1, static (_, n) => n + 1) <= _limits.PerAddress;
    }

    private void Release(ClientNetwork key)
    {
        while (_perAddress.TryGetValue(key, out var n))
        {
            if (n <= 1 ? _perAddress.TryRemove(new KeyValuePair<ClientNetwork, int>(key, n)) : _perAddress.TryUpdate(key, n - 1, n)) return;
        }
    }
}
