using System.Diagnostics;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Merpati.Benchmarks.Peers;

/// <summary>A far end that notes when it said 250 to which message of the load, which smtp-sink cannot tell. For loads below what anybody can bear.</summary>
internal sealed class ClockingSink : IAsyncDisposable
{
    private static readonly byte[] Subject = "\r\nSubject: Message "u8.ToArray();

    private readonly TcpListener _listener = new(IPAddress.Any, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Action<int, long> _taken;
    private readonly Task _accepting;

    /// <param name="taken">The number of the message, and <see cref="Stopwatch.GetTimestamp"/> of its 250.</param>
    public ClockingSink(Action<int, long> taken)
    {
        _taken = taken;
        _listener.Start(1000);
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = ServeAsync(await _listener.AcceptSocketAsync(_stop.Token));
        }
        catch (OperationCanceledException) { }
    }

    private async Task ServeAsync(Socket socket)
    {
        using var closing = socket;
        socket.NoDelay = true;
        await using var stream = new NetworkStream(socket);
        var input = PipeReader.Create(stream);
        try
        {
            await stream.WriteAsync("220 sink ESMTP\r\n"u8.ToArray(), _stop.Token);
            while (await ReadToAsync(input, "\r\n"u8.ToArray()) is { } line)
            {
                switch (Encoding.ASCII.GetString(line, 0, Math.Min(4, line.Length)).ToUpperInvariant())
                {
                    case "EHLO":
                        await stream.WriteAsync("250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 DSN\r\n"u8.ToArray(), _stop.Token);
                        break;
                    case "DATA":
                        await stream.WriteAsync("354 Go on\r\n"u8.ToArray(), _stop.Token);
                        if (await ReadToAsync(input, "\r\n.\r\n"u8.ToArray()) is not { } message) return;
                        var start = message.AsSpan().IndexOf(Subject) + Subject.Length;
                        var number = int.Parse(message.AsSpan(start, message.AsSpan(start).IndexOf((byte)' ')), CultureInfo.InvariantCulture);
                        await stream.WriteAsync("250 2.0.0 Ok\r\n"u8.ToArray(), _stop.Token);
                        _taken(number, Stopwatch.GetTimestamp());
                        break;
                    case "QUIT":
                        await stream.WriteAsync("221 Bye\r\n"u8.ToArray(), _stop.Token);
                        return;
                    default:
                        await stream.WriteAsync("250 2.0.0 Ok\r\n"u8.ToArray(), _stop.Token);
                        break;
                }
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException) { }
    }

    /// <summary>Up to the end given, without it; null at the end of the stream.</summary>
    private async Task<byte[]?> ReadToAsync(PipeReader input, byte[] end)
    {
        while (true)
        {
            var read = await input.ReadAsync(_stop.Token);
            var octets = System.Buffers.BuffersExtensions.ToArray(read.Buffer);
            if (octets.AsSpan().IndexOf(end) is var at and >= 0)
            {
                input.AdvanceTo(read.Buffer.GetPosition(at + end.Length));
                return octets[..at];
            }
            input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (read.IsCompleted) return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
    }
}
