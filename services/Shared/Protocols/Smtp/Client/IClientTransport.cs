using System.IO.Pipelines;
using System.Net;
using Merpati.Protocols.Wire;
using Merpati.Relaying;

namespace Merpati.Protocols.Smtp.Client;

/// <summary>
/// A connection to a server as the client's engine sees it: octets in, octets out, TLS on demand. The relay implements it over sockets, tests over pipes.
/// One reader and one writer at a time. Disposing closes it without a word.
/// </summary>
public interface IClientTransport : IAsyncDisposable
{
    PipeReader Input { get; }

    PipeWriter Output { get; }

    IPEndPoint RemoteEndPoint { get; }

    IPEndPoint LocalEndPoint { get; }

    /// <summary>Null on a plain connection.</summary>
    TlsDetails? Tls { get; }

    /// <summary>
    /// Becomes the TLS client side and checks who the server is. <see cref="Input"/> and <see cref="Output"/> are new afterwards, and what was read ahead in the clear
    /// is thrown away (CVE-2011-0411). Flush the command first. After a failure the connection is of no more use.
    /// </summary>
    /// <param name="policy">What the certificate has to be; with <see cref="TlsPolicy.Opportunistic"/> and <see cref="TlsPolicy.Encrypt"/> it may be anything.</param>
    /// <param name="tested">A second policy that is checked and reported, and not enforced (RFC 8461 §5); null for none.</param>
    ValueTask<TlsHandshake> StartTlsAsync(TlsPolicy policy, TlsPolicy? tested, CancellationToken cancellationToken);
}

/// <summary>How a TLS handshake ended.</summary>
public abstract record TlsHandshake
{
    private TlsHandshake() { }

    /// <param name="Verified">The policy asked who the server is, and its certificate says so.</param>
    /// <param name="Tested">Why the policy that is tested would have failed; null if it would not, or if there is none.</param>
    public sealed record Done(TlsDetails Details, bool Verified, TlsFault? Tested) : TlsHandshake;

    public sealed record Failed(TlsFault Fault) : TlsHandshake;
}

/// <summary>Why TLS is not as it has to be.</summary>
/// <param name="Type">For the report to the domain (RFC 8460 §4.3).</param>
/// <param name="Detail">In words.</param>
public sealed record TlsFault(TlsFailure Type, string Detail);
