using System.IO.Pipelines;
using System.Net;

namespace Merpati.Protocols.Wire;

/// <summary>
/// One connection as a protocol engine sees it: bytes in, bytes out, TLS on demand.
/// The platform implements it over sockets, tests over a pair of pipes. One reader and one writer at a time.
/// </summary>
public interface ITransport
{
    PipeReader Input { get; }

    PipeWriter Output { get; }

    IPEndPoint RemoteEndPoint { get; }

    IPEndPoint LocalEndPoint { get; }

    /// <summary>Null on a plain connection.</summary>
    TlsDetails? Tls { get; }

    /// <summary>False when no certificate is configured; then STARTTLS is not offered.</summary>
    bool CanUpgradeToTls { get; }

    /// <summary>
    /// Becomes the TLS server side. <see cref="Input"/> and <see cref="Output"/> are new afterwards, and what was read ahead in the clear
    /// is thrown away, so that nobody can inject commands before the handshake (CVE-2011-0411).
    /// Flush the reply first.
    /// </summary>
    /// <exception cref="IOException">The handshake failed; the connection is of no more use.</exception>
    ValueTask UpgradeToTlsAsync(CancellationToken cancellationToken);
}

/// <summary>What was negotiated.</summary>
/// <param name="Protocol">As in Received headers and logs, <c>TLSv1.3</c>.</param>
/// <param name="CipherSuite">IANA name.</param>
public sealed record TlsDetails(string Protocol, string CipherSuite, string? ServerName)
{
    private static readonly Dictionary<string, ReadOnlyMemory<byte>> None = [];

    /// <summary>Channel bindings by name (RFC 5056): tls-exporter (RFC 9266) and tls-server-end-point (RFC 5929 §4), those that can be had.</summary>
    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>> ChannelBindings { get; init; } = None;
}

/// <summary>What the world around a session may ask of it.</summary>
/// <param name="Draining">Finish what runs, say goodbye in the protocol's words (421, BYE), close.</param>
/// <param name="Aborted">Stop now.</param>
public readonly record struct SessionLifetime(CancellationToken Draining, CancellationToken Aborted);
