using System.IO.Pipelines;
using System.Net;
using Merpati.Protocols.Smtp.Client;
using Merpati.Protocols.Wire;
using Merpati.Relaying;

namespace Merpati.TestKit.Smtp;

/// <summary>The client's end of a connection in memory.</summary>
/// <param name="handshake">How the TLS handshake ends; null for one that goes well.</param>
public sealed class PipeClientTransport(PipeTransport end, TlsFault? handshake = null) : IClientTransport
{
    public PipeReader Input => end.Input;

    public PipeWriter Output => end.Output;

    public IPEndPoint RemoteEndPoint => end.RemoteEndPoint;

    public IPEndPoint LocalEndPoint => end.LocalEndPoint;

    public TlsDetails? Tls => end.Tls;

    public bool IsClosed { get; private set; }

    public async ValueTask<TlsHandshake> StartTlsAsync(TlsPolicy policy, TlsPolicy? tested, CancellationToken cancellationToken)
    {
        if (handshake is not null) return new TlsHandshake.Failed(handshake);
        await end.UpgradeToTlsAsync(cancellationToken);
        return new TlsHandshake.Done(end.Tls!, policy is TlsPolicy.Verified or TlsPolicy.Dane, null);
    }

    public async ValueTask DisposeAsync()
    {
        IsClosed = true;
        await end.CloseOutputAsync();
    }
}
