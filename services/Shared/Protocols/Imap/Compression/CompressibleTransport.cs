using System.IO.Pipelines;
using System.Net;
using Merpati.Protocols.Wire;

namespace Merpati.Protocols.Imap;

/// <summary>A transport whose octets can be compressed from a moment on, both ways (RFC 4978). Until then it only passes on.</summary>
internal sealed class CompressibleTransport(ITransport inner) : ITransport, IDisposable
{
    private InflatingReader? _input;
    private DeflatingWriter? _output;

    public PipeReader Input => _input ?? inner.Input;

    public PipeWriter Output => _output ?? inner.Output;

    public IPEndPoint RemoteEndPoint => inner.RemoteEndPoint;

    public IPEndPoint LocalEndPoint => inner.LocalEndPoint;

    public TlsDetails? Tls => inner.Tls;

    /// <summary>TLS lies below compression and cannot come after it.</summary>
    public bool CanUpgradeToTls => inner.CanUpgradeToTls && !IsCompressed;

    public bool IsCompressed => _input is not null;

    public ValueTask UpgradeToTlsAsync(CancellationToken cancellationToken) => inner.UpgradeToTlsAsync(cancellationToken);

    /// <summary>The next octet of either side is the first of a deflate stream. Flush first.</summary>
    public void StartCompression()
    {
        _input = new InflatingReader(inner.Input);
        _output = new DeflatingWriter(inner.Output);
    }

    public void Dispose()
    {
        _input?.Dispose();
        _output?.Dispose();
    }
}
