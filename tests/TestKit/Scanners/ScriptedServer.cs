using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Merpati.TestKit.Scanners;

/// <summary>A server on loopback that does with each connection what a test says: answer, lie, hang, close.</summary>
public sealed class ScriptedServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<Task> _connections = [];
    private readonly Task _accepting;

    public ScriptedServer(Func<NetworkStream, CancellationToken, Task> serve)
    {
        _listener.Start();
        _accepting = AcceptAsync(serve);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>As scanners are addressed.</summary>
    public string Address => $"inet:127.0.0.1:{Port}";

    public string Url => $"http://127.0.0.1:{Port}";

    /// <summary>Says this to whoever asks over HTTP, once the whole request is there; notes the request.</summary>
    public static ScriptedServer Http(string response, ConcurrentQueue<string>? requests = null) => new(async (stream, stop) =>
    {
        requests?.Enqueue(await ReadRequestAsync(stream, stop));
        await stream.WriteAsync(System.Text.Encoding.Latin1.GetBytes(response), stop);
    });

    /// <summary>A request with a body of a known or a chunked length, as Latin-1.</summary>
    public static async Task<string> ReadRequestAsync(NetworkStream stream, CancellationToken stop)
    {
        var request = new System.Text.StringBuilder();
        var buffer = new byte[16 * 1024];
        while (true)
        {
            var read = await stream.ReadAsync(buffer, stop);
            request.Append(System.Text.Encoding.Latin1.GetString(buffer, 0, read));
            var text = request.ToString();
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (read == 0) return text;
            if (end < 0) continue;
            var length = System.Text.RegularExpressions.Regex.Match(text, @"Content-Length: (?<length>\d+)", System.Text.RegularExpressions.RegexOptions.IgnoreCase | System.Text.RegularExpressions.RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1)).Groups["length"].Value;
            if (length.Length > 0 ? text.Length - end - 4 >= int.Parse(length, System.Globalization.CultureInfo.InvariantCulture) : text.EndsWith("0\r\n\r\n", StringComparison.Ordinal)) return text;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting;
        _listener.Dispose();
        await Task.WhenAll(_connections);
        _stop.Dispose();
    }

    private async Task AcceptAsync(Func<NetworkStream, CancellationToken, Task> serve)
    {
        try
        {
            while (true) _connections.Add(ServeAsync(await _listener.AcceptSocketAsync(_stop.Token), serve));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException) { }
    }

    private async Task ServeAsync(Socket socket, Func<NetworkStream, CancellationToken, Task> serve)
    {
        await using var stream = new NetworkStream(socket, ownsSocket: true);
        // A script that never has to wait must not keep the next client, or the end, waiting.
        await Task.Yield();
        try { await serve(stream, _stop.Token); }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException) { }
    }
}
