using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace Merpati.Benchmarks.Load;

/// <summary>A client's connection that speaks lines, and skips what it need not look at.</summary>
internal sealed class MailConnection : IAsyncDisposable
{
    private readonly Stream _stream;
    private readonly PipeReader _input;

    private MailConnection(Stream stream)
    {
        _stream = stream;
        _input = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 16384));
    }

    public static async Task<MailConnection> OpenAsync(IPEndPoint server, bool tls, CancellationToken cancellationToken)
    {
        var socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(server, cancellationToken);
            Stream stream = new NetworkStream(socket, ownsSocket: true);
            if (!tls) return new MailConnection(stream);
            // A benchmark on one's own machine: the certificate is self-signed, any one will do.
            var secure = new SslStream(stream, leaveInnerStreamOpen: false, (_, certificate, _, _) => certificate is not null);
            await secure.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost" }, cancellationToken);
            return new MailConnection(secure);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public ValueTask SendAsync(string text, CancellationToken cancellationToken) => _stream.WriteAsync(Encoding.UTF8.GetBytes(text), cancellationToken);

    public ValueTask SendAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken) => _stream.WriteAsync(octets, cancellationToken);

    /// <summary>The next line without its CRLF.</summary>
    public async ValueTask<string> ReadLineAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await _input.ReadAsync(cancellationToken);
            if (read.Buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = Encoding.UTF8.GetString(read.Buffer.Slice(0, end)).TrimEnd('\r');
                _input.AdvanceTo(read.Buffer.GetPosition(1, end));
                return line;
            }
            _input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (read.IsCompleted) throw new EndOfStreamException("The server closed the connection.");
        }
    }

    /// <summary>An SMTP reply of any number of lines; anything but the expected first digit ends the run.</summary>
    public async ValueTask ExpectAsync(char firstDigit, CancellationToken cancellationToken)
    {
        string line;
        do line = await ReadLineAsync(cancellationToken);
        while (line.Length > 3 && line[3] == '-');
        if (line.Length == 0 || line[0] != firstDigit) throw new InvalidOperationException($"The server said: {line}");
    }

    /// <summary>
    /// Reads IMAP responses up to the tagged one; the octets of literals are skipped, and lines that nobody wants to see stay octets.
    /// </summary>
    /// <param name="onUntagged">Sees every untagged line.</param>
    public async ValueTask ReadToTagAsync(string tag, CancellationToken cancellationToken, Action<string>? onUntagged = null)
    {
        var responses = new ImapResponses(tag, onUntagged);
        while (true)
        {
            var read = await _input.ReadAsync(cancellationToken);
            var tagged = responses.Take(read.Buffer, out var consumed);
            _input.AdvanceTo(consumed, read.Buffer.End);
            if (tagged is not null)
            {
                if (!tagged.AsSpan(tag.Length + 1).StartsWith("OK")) throw new InvalidOperationException($"The server said: {tagged}");
                return;
            }
            if (read.IsCompleted) throw new EndOfStreamException("The server closed the connection.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _input.CompleteAsync();
        await _stream.DisposeAsync();
    }
}
