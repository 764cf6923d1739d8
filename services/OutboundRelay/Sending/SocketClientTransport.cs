using System.ComponentModel;
using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Merpati.Protocols.Smtp.Client;
using Merpati.Protocols.Wire;
using Merpati.Relaying;

namespace Merpati.OutboundRelay.Sending;

/// <summary>A TCP connection to a mail host, plain or TLS.</summary>
/// <param name="hostName">For SNI where the policy names no server; an address literal has none.</param>
/// <param name="authorities">What certificates are checked against; null for the system's trust store.</param>
internal sealed class SocketClientTransport(Socket socket, string hostName, X509Certificate2Collection? authorities) : IClientTransport
{
    // Zero-byte reads: a connection that waits for its next message holds no buffer.
    private static readonly StreamPipeReaderOptions ReaderOptions = new(bufferSize: 4096, minimumReadSize: 512, leaveOpen: true, useZeroByteReads: true);
    private static readonly StreamPipeWriterOptions WriterOptions = new(minimumBufferSize: 16 * 1024, leaveOpen: true);

    private Stream _stream = new NetworkStream(socket, ownsSocket: false);
    private PipeReader? _input;
    private PipeWriter? _output;
    private bool _disposed;

    public PipeReader Input => _input ??= PipeReader.Create(_stream, ReaderOptions);

    public PipeWriter Output => _output ??= PipeWriter.Create(_stream, WriterOptions);

    public IPEndPoint RemoteEndPoint { get; } = (IPEndPoint)socket.RemoteEndPoint!;

    public IPEndPoint LocalEndPoint { get; } = (IPEndPoint)socket.LocalEndPoint!;

    public TlsDetails? Tls { get; private set; }

    public async ValueTask<TlsHandshake> StartTlsAsync(TlsPolicy policy, TlsPolicy? tested, CancellationToken cancellationToken)
    {
        if (Tls is not null) throw new InvalidOperationException("The connection is TLS already.");
        if (_input is not null) await _input.CompleteAsync(); // drops what was read ahead in the clear
        if (_output is not null) await _output.CompleteAsync();
        TlsFault? fault = null, testedFault = null;
        var tls = new SslStream(_stream, leaveInnerStreamOpen: false);
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = ServerName(policy),
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            AllowRenegotiation = false,
            // Who the server is we judge ourselves; and nobody's certificate makes us fetch anything from anywhere.
            CertificateChainPolicy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true },
            RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
            {
                var sent = chain?.ChainPolicy.ExtraStore ?? [];
                fault = ServerIdentity.FaultOf(certificate as X509Certificate2, sent, policy, authorities);
                testedFault = tested is null ? null : ServerIdentity.FaultOf(certificate as X509Certificate2, sent, tested, authorities);
                return fault is null;
            },
        };
        try
        {
            await tls.AuthenticateAsClientAsync(options, cancellationToken);
        }
        catch (Exception e) when (e is AuthenticationException or IOException or InvalidOperationException or Win32Exception or CryptographicException)
        {
            await tls.DisposeAsync();
            return new TlsHandshake.Failed(fault ?? new TlsFault(TlsFailure.ValidationFailure, $"The TLS handshake failed: {(e.InnerException ?? e).Message}"));
        }
        _stream = tls;
        (_input, _output) = (null, null);
        Tls = new TlsDetails(tls.SslProtocol == SslProtocols.Tls13 ? "TLSv1.3" : "TLSv1.2", tls.NegotiatedCipherSuite.ToString(), options.TargetHost.Length == 0 ? null : options.TargetHost);
        return new TlsHandshake.Done(Tls, Verified: policy is TlsPolicy.Verified or TlsPolicy.Dane, testedFault);
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed) return;
        _disposed = true;
        try
        {
            // Servers log a connection that ends without close_notify.
            if (_stream is SslStream tls) await tls.ShutdownAsync().WaitAsync(TimeSpan.FromSeconds(1));
        }
        catch (Exception e) when (e is IOException or TimeoutException or InvalidOperationException or Win32Exception) { }
        // The pipes are left to the garbage collector: a read may be waiting in them, and its buffer must not go to anybody else.
        socket.Dispose();
        try { await _stream.DisposeAsync(); }
        catch (IOException) { }
    }

    private string ServerName(TlsPolicy policy)
    {
        var name = policy switch
        {
            TlsPolicy.Verified { Names: [var first, ..] } => first,
            TlsPolicy.Dane { Names: [var first, ..] } => first,
            _ => hostName,
        };
        return name.StartsWith('[') || IPAddress.TryParse(name, out _) ? "" : name.TrimEnd('.');
    }
}
