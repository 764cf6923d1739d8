using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Merpati.Platform.Tls;
using Merpati.Protocols.Wire;

namespace Merpati.Platform.Listeners;

/// <summary>A TCP connection, plain or TLS, as <see cref="ITransport"/>.</summary>
internal sealed class SocketTransport : ITransport, IAsyncDisposable
{
    // Zero-byte reads: an idle connection waits without a buffer, so that ten thousand of them cost little.
    private static readonly StreamPipeReaderOptions ReaderOptions = new(bufferSize: 16 * 1024, minimumReadSize: 1024, leaveOpen: true, useZeroByteReads: true);
    private static readonly StreamPipeWriterOptions WriterOptions = new(minimumBufferSize: 4096, leaveOpen: true);

    private readonly Socket _socket;
    private readonly CertificateSource _certificates;
    private readonly TimeSpan _handshakeTimeout;
    private readonly TimeProvider _time;
    private Stream _stream;

    public SocketTransport(Socket socket, CertificateSource certificates, TimeSpan handshakeTimeout, TimeProvider time)
    {
        _socket = socket;
        _certificates = certificates;
        _handshakeTimeout = handshakeTimeout;
        _time = time;
        RemoteEndPoint = Unmap((IPEndPoint)socket.RemoteEndPoint!);
        LocalEndPoint = Unmap((IPEndPoint)socket.LocalEndPoint!);
        _stream = new NetworkStream(socket, ownsSocket: false);
        Input = PipeReader.Create(_stream, ReaderOptions);
        Output = PipeWriter.Create(_stream, WriterOptions);
    }

    public PipeReader Input { get; private set; }

    public PipeWriter Output { get; private set; }

    public IPEndPoint RemoteEndPoint { get; private set; }

    public IPEndPoint LocalEndPoint { get; private set; }

    public TlsDetails? Tls { get; private set; }

    public bool CanUpgradeToTls => Tls is null && _certificates.HasCertificate;

    /// <summary>
    /// Reads the PROXY header, before anything else and not an octet more; from then on the end points are those of the proxy's client.
    /// </summary>
    /// <returns>False when the proxy speaks for itself.</returns>
    /// <exception cref="InvalidDataException">It is no header.</exception>
    /// <exception cref="IOException">It did not come.</exception>
    public async ValueTask<bool> ReadProxyHeaderAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var timer = new CancellationTokenSource(timeout, _time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        var octets = new byte[ProxyHeader.MaxLength];
        var length = 0;
        while (true)
        {
            var header = ProxyHeader.Parse(octets.AsSpan(0, length), out var needed);
            if (needed < 0) throw new InvalidDataException("The connection does not begin with a PROXY header.");
            if (header is not null)
            {
                if (header is not { Source: { } source, Destination: { } destination }) return false;
                (RemoteEndPoint, LocalEndPoint) = (source, destination);
                return true;
            }
            try
            {
                var read = await _socket.ReceiveAsync(octets.AsMemory(length, needed), SocketFlags.None, stop.Token).ConfigureAwait(false);
                if (read == 0) throw new EndOfStreamException("The proxy closed the connection without a PROXY header.");
                length += read;
            }
            catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested) { throw new IOException("The PROXY header took too long.", e); }
            catch (SocketException e) { throw new IOException(e.Message, e); }
        }
    }

    public async ValueTask UpgradeToTlsAsync(CancellationToken cancellationToken)
    {
        if (Tls is not null) throw new InvalidOperationException("The connection is TLS already.");
        await Input.CompleteAsync().ConfigureAwait(false); // drops what was read ahead in the clear
        await Output.CompleteAsync().ConfigureAwait(false);
        var tls = new SslStream(_stream, leaveInnerStreamOpen: false);
        using var timer = new CancellationTokenSource(_handshakeTimeout, _time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            await tls.AuthenticateAsServerAsync(_certificates.SelectAsync, state: null, stop.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is AuthenticationException or OperationCanceledException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            await tls.DisposeAsync().ConfigureAwait(false);
            if (cancellationToken.IsCancellationRequested) throw new OperationCanceledException("The session was aborted in the TLS handshake.", e, cancellationToken);
            throw new IOException(timer.IsCancellationRequested ? "The TLS handshake took too long." : $"The TLS handshake failed: {e.Message}", e);
        }
        _stream = tls;
        Input = PipeReader.Create(_stream, ReaderOptions);
        Output = PipeWriter.Create(_stream, WriterOptions);
        Tls = new TlsDetails(tls.SslProtocol == SslProtocols.Tls13 ? "TLSv1.3" : "TLSv1.2", tls.NegotiatedCipherSuite.ToString(), tls.TargetHostName.Length == 0 ? null : tls.TargetHostName) { ChannelBindings = ChannelBindings.Of(tls) };
    }

    /// <summary>Sends what is left, says close_notify and FIN, and gives the peer a moment to read it before the socket goes.</summary>
    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2), _time);
        try
        {
            if (_stream is SslStream tls) await tls.ShutdownAsync().WaitAsync(patience.Token).ConfigureAwait(false);
            _socket.Shutdown(SocketShutdown.Send);
            // Closing a socket with unread input sends RST, which may overtake our last reply: drain a little first.
            var scrap = new byte[4096];
            for (var drained = 0; drained < 1024 * 1024;)
            {
                var read = await _socket.ReceiveAsync(scrap, SocketFlags.None, patience.Token).ConfigureAwait(false);
                if (read == 0) break;
                drained += read;
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException) { }
        finally
        {
            await Input.CompleteAsync().ConfigureAwait(false);
            try { await _stream.DisposeAsync().ConfigureAwait(false); }
            catch (IOException) { }
            _socket.Dispose();
        }
    }

    /// <summary>Ends the connection at once, in whatever state it is.</summary>
    public void Abort() => _socket.Close(timeout: 0);

    private static IPEndPoint Unmap(IPEndPoint endPoint) => endPoint.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(endPoint.Address.MapToIPv4(), endPoint.Port) : endPoint;
}
