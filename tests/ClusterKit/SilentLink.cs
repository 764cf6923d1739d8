using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Merpati.TestKit.Cluster;

/// <summary>
/// A network between two services that can be cut while both are alive: nothing gets through any more, and nobody is told. Connections stay open without a word, new ones get no
/// answer, and what was on its way arrives when the link is whole again, as TCP repeats what it sent. That is what a cut cable does, without the privileges of a network namespace.
/// </summary>
public sealed class SilentLink : IAsyncDisposable
{
    private const int IpLevel = 0;
    private const int FreeBind = 15;

    private readonly TcpListener _listener;
    private readonly Func<IPEndPoint?> _target;
    private readonly ConcurrentDictionary<Socket, bool> _open = [];
    private readonly CancellationTokenSource _end = new();
    private readonly Task _accepting;
    private volatile TaskCompletionSource _whole = Whole();

    /// <summary>To a port of loopback.</summary>
    public SilentLink(int port) : this(port, new IPEndPoint(IPAddress.Loopback, 0))
    {
    }

    /// <summary>To a port of loopback, from an address that others can reach; it need not be there yet.</summary>
    public SilentLink(int port, IPEndPoint listen) : this(() => new IPEndPoint(IPAddress.Loopback, port), listen)
    {
    }

    /// <param name="target">Where the next connection goes; null: nowhere, it is closed.</param>
    public SilentLink(Func<IPEndPoint?> target) : this(target, new IPEndPoint(IPAddress.Loopback, 0))
    {
    }

    private SilentLink(Func<IPEndPoint?> target, IPEndPoint listen)
    {
        _target = target;
        _listener = new TcpListener(listen);
        if (!IPAddress.IsLoopback(listen.Address)) _listener.Server.SetRawSocketOption(IpLevel, FreeBind, BitConverter.GetBytes(1));
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public string Address => $"127.0.0.1:{Port}";

    /// <summary>The same connection string over the link. A MongoDB driver must not ask the replica set for a way around it.</summary>
    public string Through(string uri)
    {
        var there = uri.Replace(string.Create(CultureInfo.InvariantCulture, $":{new Uri(uri).Port}"), string.Create(CultureInfo.InvariantCulture, $":{Port}"), StringComparison.Ordinal);
        return there.StartsWith("mongodb", StringComparison.Ordinal) ? there.Replace("replicaSet=rs0", "directConnection=true", StringComparison.Ordinal) : there;
    }

    public void Cut()
    {
        if (_whole.Task.IsCompleted) _whole = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    public void Heal() => _whole.TrySetResult();

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        foreach (var socket in _open.Keys) socket.Dispose();
        await _accepting;
        _end.Dispose();
    }

    private static TaskCompletionSource Whole()
    {
        var whole = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        whole.SetResult();
        return whole;
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket near;
            try { near = await _listener.AcceptSocketAsync(_end.Token); }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException) { return; }
            _ = ServeAsync(near);
        }
    }

    private async Task ServeAsync(Socket near)
    {
        var far = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        near.NoDelay = true;
        _open[near] = _open[far] = true;
        try
        {
            await _whole.Task.WaitAsync(_end.Token);
            if (_target() is not { } target) return;
            await far.ConnectAsync(target, _end.Token);
            await Task.WhenAny(CopyAsync(near, far), CopyAsync(far, near));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException) { }
        finally
        {
            foreach (var socket in new[] { near, far })
            {
                _open.TryRemove(socket, out _);
                socket.Dispose();
            }
        }
    }

    private async Task CopyAsync(Socket from, Socket to)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer, _end.Token) is var read and > 0)
            {
                await _whole.Task.WaitAsync(_end.Token);
                await to.SendAsync(buffer.AsMemory(0, read), _end.Token);
            }
            await _whole.Task.WaitAsync(_end.Token);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException) { }
    }
}
