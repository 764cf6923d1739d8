using System.Diagnostics.Metrics;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Merpati.Platform.Tls;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Merpati.Rpc.Security;

/// <summary>
/// Who this service is to the others. The files are looked at again with a handshake, so that a renewed certificate is used without a restart;
/// connections that are up keep theirs. Files that cannot be read leave the last good certificate in use.
/// </summary>
internal sealed class ServiceIdentity
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan EndsSoon = TimeSpan.FromDays(2);

    private readonly ServiceCredentialFiles? _files;
    private readonly TimeProvider _time;
    private readonly ILogger<ServiceIdentity> _logger;
    private readonly Lock _lock = new();
    private ServiceCredentials? _credentials;
    private long _lookedAt;

    public ServiceIdentity(IOptions<RpcOptions> options, TimeProvider time, IMeterFactory meters, ILogger<ServiceIdentity> logger)
    {
        _time = time;
        _logger = logger;
        if (options.Value.Security == RpcSecurity.Development)
        {
            logger.Unprotected();
            return;
        }
        _files = new ServiceCredentialFiles(options.Value.Certificate!, options.Value.Key!, options.Value.Authorities!);
        Take(ServiceCredentials.Read(_files, time));
        CertificateGauge.Show(meters, "rpc", time, () => [Current().Leaf]);
    }

    /// <summary>False in development: clear text.</summary>
    public bool IsProtected => _files is not null;

    public SslServerAuthenticationOptions ServerOptions()
    {
        var credentials = Current();
        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = credentials.Context,
            ClientCertificateRequired = true,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            AllowRenegotiation = false,
            ApplicationProtocols = [SslApplicationProtocol.Http2],
            RemoteCertificateValidationCallback = (_, certificate, chain, _) => Judge("A caller", credentials.RefuseClient(certificate as X509Certificate2, chain)),
        };
    }

    public SslClientAuthenticationOptions ClientOptions(string service) => new()
    {
        TargetHost = service,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        LocalCertificateSelectionCallback = (_, _, _, _, _) => Current().Leaf,
        RemoteCertificateValidationCallback = (_, certificate, chain, _) => Judge(service, Current().RefuseServer(certificate as X509Certificate2, chain, service)),
    };

    private bool Judge(string peer, string? refusal)
    {
        if (refusal is not null) _logger.PeerRefused(peer, refusal);
        return refusal is null;
    }

    private ServiceCredentials Current()
    {
        lock (_lock)
        {
            if (_time.GetElapsedTime(_lookedAt) < LookAgain) return _credentials!;
            _lookedAt = _time.GetTimestamp();
            try
            {
                if (!ServiceCredentials.DigestOf(_files!).AsSpan().SequenceEqual(_credentials!.Digest)) Take(ServiceCredentials.Read(_files!, _time));
            }
            catch (IOException unusable) { _logger.CertificateUnusable(unusable.Message); }
            return _credentials!;
        }
    }

    /// <summary>The former certificate is left to the garbage collector: a handshake may be using it.</summary>
    private void Take(ServiceCredentials credentials)
    {
        var notAfter = credentials.Leaf.NotAfter.ToUniversalTime();
        _logger.CertificateLoaded(string.Join(", ", ServiceCredentials.NamesOf(credentials.Leaf)), notAfter);
        if (notAfter < _time.GetUtcNow().UtcDateTime + EndsSoon) _logger.CertificateEndsSoon(notAfter);
        _credentials = credentials;
        _lookedAt = _time.GetTimestamp();
    }
}
