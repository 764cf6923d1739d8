using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Merpati.Tests.Integration.Rpc;

/// <summary>Stands between client and server, so that their connections can be cut without either of them ending.</summary>
internal sealed class TcpRelay : IAsyncDisposable
{
    private readonly IPEndPoint _endPoint;
    private TcpListener _listener;
    private readonly ConcurrentDictionary<Socket, bool> _open = [];
    private Task _accepting;
    private volatile int _target;

    public TcpRelay()
    {
        _listener = new TcpListener(IPAddress.Loopback, 0);
        _listener.Start();
        _endPoint = (IPEndPoint)_listener.LocalEndpoint;
        _accepting = AcceptAsync(_listener);
    }

    public string Address => _endPoint.ToString();

    public void To(int port) => _target = port;

    /// <summary>Nobody listens: connections are refused.</summary>
    public async Task RefuseAsync()
    {
        _listener.Stop();
        await _accepting;
    }

    public void Accept(int port)
    {
        To(port);
        _listener = new TcpListener(_endPoint);
        _listener.Start();
        _accepting = AcceptAsync(_listener);
    }

    /// <summary>Breaks every connection with a reset.</summary>
    public void Cut()
    {
        foreach (var socket in _open.Keys) Close(socket);
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        Cut();
        await _accepting;
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        while (true)
        {
            Socket near;
            try { near = await listener.AcceptSocketAsync(); }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException) { return; }
            var far = new Socket(SocketType.Stream, ProtocolType.Tcp);
            try { await far.ConnectAsync(IPAddress.Loopback, _target); }
            catch (SocketException)
            {
                // The server has ended, or the client has not noticed yet that the test is over.
                Close(near);
                Close(far);
                continue;
            }
            _open[near] = _open[far] = true;
            _ = CopyAsync(near, far);
            _ = CopyAsync(far, near);
        }
    }

    private async Task CopyAsync(Socket from, Socket to)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer) is var read and > 0) await to.SendAsync(buffer.AsMemory(0, read));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException) { }
        Close(from);
        Close(to);
    }

    private void Close(Socket socket)
    {
        _open.TryRemove(socket, out _);
        try { socket.LingerState = new LingerOption(enable: true, seconds: 0); }
        catch (Exception e) when (e is SocketException or ObjectDisposedException) { }
        socket.Dispose();
    }
}
