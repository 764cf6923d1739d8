using System.Diagnostics.Metrics;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Merpati.Platform.Listeners;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Merpati.Platform.Tls;

/// <summary>PEM files: the certificate with its chain, and its key.</summary>
public sealed record CertificateFiles(string Certificate, string Key);

/// <summary>
/// The certificates of this process, chosen by server name, read again when their files change; connections that are up keep theirs.
/// A file that cannot be read leaves the last good certificate in use.
/// </summary>
public sealed class CertificateSource(IReadOnlyList<CertificateFiles> files, TimeProvider time, ILogger<CertificateSource> logger) : BackgroundService
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(5);

    private readonly Loaded?[] _loaded = new Loaded?[files.Count];

    public bool HasCertificate => _loaded.Any(loaded => loaded is not null);

    public void Measure(IMeterFactory meters) => CertificateGauge.Show(meters, "tls", time, () => _loaded.Where(loaded => loaded is not null).Select(loaded => loaded!.Leaf));

    /// <summary>Reads all files for the first time.</summary>
    /// <exception cref="IOException">One cannot be used; the message names the file and why.</exception>
    public void Load()
    {
        for (var i = 0; i < files.Count; i++)
        {
            try { _loaded[i] = Read(files[i]); }
            catch (Exception e) when (e is IOException or CryptographicException or UnauthorizedAccessException or ArgumentException)
            {
                throw new IOException($"The certificate {files[i].Certificate} with the key {files[i].Key} cannot be used: {e.Message}", e);
            }
        }
    }

    /// <summary>For <see cref="SslStream"/>: the certificate that names the wanted host, else the first.</summary>
    internal ValueTask<SslServerAuthenticationOptions> SelectAsync(SslStream stream, SslClientHelloInfo hello, object? state, CancellationToken cancellationToken)
        => ValueTask.FromResult((Choose(hello.ServerName) ?? throw new AuthenticationException("There is no certificate.")).Options);

    /// <summary>The certificate that names the host, else the first, with its key, and all that its file holds. They stay this one's; null when there is none.</summary>
    public (X509Certificate2 Leaf, X509Certificate2Collection Chain)? Find(string host) => Choose(host) is { } chosen ? (chosen.Leaf, chosen.Chain) : null;

    private Loaded? Choose(string host)
        => _loaded.FirstOrDefault(loaded => loaded is not null && host.Length > 0 && loaded.Leaf.MatchesHostname(host, allowWildcards: true, allowCommonName: true))
            ?? _loaded.FirstOrDefault(loaded => loaded is not null);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(LookAgain, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
            {
                for (var i = 0; i < files.Count; i++) Reload(i);
            }
        }
        catch (OperationCanceledException) { }
    }

    private void Reload(int i)
    {
        try
        {
            // The content decides, not the time stamp: a Kubernetes secret is swapped by a symbolic link.
            if (_loaded[i] is { } now && now.Digest.SequenceEqual(Digest(files[i]))) return;
            _loaded[i] = Read(files[i]);
        }
        catch (Exception e) when (e is IOException or CryptographicException or UnauthorizedAccessException or ArgumentException)
        {
            ListenerLog.CertificateUnusable(logger, files[i].Certificate, e.Message);
        }
    }

    private Loaded Read(CertificateFiles pair)
    {
        var digest = Digest(pair);
        using var fromPem = X509Certificate2.CreateFromPemFile(pair.Certificate, pair.Key);
        // SslStream on some platforms wants a key that is not ephemeral.
        var leaf = X509CertificateLoader.LoadPkcs12(fromPem.Export(X509ContentType.Pkcs12), password: null);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(pair.Certificate);
        var names = leaf.GetNameInfo(X509NameType.DnsName, forIssuer: false);
        ListenerLog.CertificateLoaded(logger, names, leaf.NotAfter.ToUniversalTime());
        if (leaf.NotAfter.ToUniversalTime() < time.GetUtcNow().UtcDateTime.AddDays(7)) ListenerLog.CertificateEndsSoon(logger, names, leaf.NotAfter.ToUniversalTime());
        var options = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(leaf, chain, offline: true),
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ClientCertificateRequired = false,
            AllowRenegotiation = false,
        };
        return new Loaded(leaf, chain, options, digest);
    }

    private static byte[] Digest(CertificateFiles pair)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(File.ReadAllBytes(pair.Certificate));
        hash.AppendData(File.ReadAllBytes(pair.Key));
        return hash.GetHashAndReset();
    }

    private sealed record Loaded(X509Certificate2 Leaf, X509Certificate2Collection Chain, SslServerAuthenticationOptions Options, byte[] Digest);
}
