using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Merpati.Rpc.Security;

/// <summary>PEM files: the certificate of a service with its chain, its key, and the authorities that it believes.</summary>
internal sealed record ServiceCredentialFiles(string Certificate, string Key, string Authorities);

/// <summary>What a service shows to others and how it judges what they show, as read from the files at one moment.</summary>
internal sealed class ServiceCredentials : IDisposable
{
    private const string ServerUsage = "1.3.6.1.5.5.7.3.1";
    private const string ClientUsage = "1.3.6.1.5.5.7.3.2";

    private readonly X509Certificate2Collection _roots = [];
    private readonly X509Certificate2Collection _intermediates = [];
    private readonly TimeProvider _time;

    private ServiceCredentials(X509Certificate2 leaf, X509Certificate2Collection chain, X509Certificate2Collection authorities, byte[] digest, TimeProvider time)
    {
        Leaf = leaf;
        Digest = digest;
        _time = time;
        foreach (var authority in authorities) (authority.SubjectName.RawData.AsSpan().SequenceEqual(authority.IssuerName.RawData) ? _roots : _intermediates).Add(authority);
        if (_roots.Count == 0) throw new CryptographicException("there is no root among the authorities");
        Context = SslStreamCertificateContext.Create(leaf, chain, offline: true);
    }

    public X509Certificate2 Leaf { get; }

    public SslStreamCertificateContext Context { get; }

    public byte[] Digest { get; }

    /// <exception cref="IOException">A file cannot be used; the message says why.</exception>
    public static ServiceCredentials Read(ServiceCredentialFiles files, TimeProvider time)
    {
        try
        {
            var digest = DigestOf(files);
            using var fromPem = X509Certificate2.CreateFromPemFile(files.Certificate, files.Key);
            // SslStream on some platforms wants a key that is not ephemeral.
            var leaf = X509CertificateLoader.LoadPkcs12(fromPem.Export(X509ContentType.Pkcs12), password: null);
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(files.Certificate);
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPemFile(files.Authorities);
            return new ServiceCredentials(leaf, chain, authorities, digest, time);
        }
        catch (Exception e) when (IsUnusable(e)) { throw new IOException($"{files.Certificate} with the key {files.Key} and the authorities {files.Authorities} cannot be used: {e.Message}", e); }
    }

    /// <summary>The content decides whether files changed, not the time stamp: a Kubernetes secret is swapped by a symbolic link.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static byte[] DigestOf(ServiceCredentialFiles files)
    {
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            foreach (var file in (string[])[files.Certificate, files.Key, files.Authorities])
            {
                var octets = File.ReadAllBytes(file);
                hash.AppendData(SHA256.HashData(octets));
            }
            return hash.GetHashAndReset();
        }
        catch (UnauthorizedAccessException denied) { throw new IOException(denied.Message, denied); }
    }

    /// <summary>Null when a server may show this certificate under the name of the service; else the reason against it.</summary>
    public string? RefuseServer(X509Certificate2? certificate, X509Chain? presented, string service)
        => Refuse(certificate, presented, ServerUsage)
            ?? (NamesOf(certificate!).Contains(service, StringComparer.OrdinalIgnoreCase) ? null : $"its certificate names {string.Join(", ", NamesOf(certificate!))}");

    /// <summary>Null when a client may show this certificate; what it may do with it is decided call by call.</summary>
    public string? RefuseClient(X509Certificate2? certificate, X509Chain? presented) => Refuse(certificate, presented, ClientUsage);

    public static IReadOnlyList<string> NamesOf(X509Certificate2 certificate)
        => [.. certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(names => names.EnumerateDnsNames())];

    public void Dispose() => Leaf.Dispose();

    private string? Refuse(X509Certificate2? certificate, X509Chain? presented, string usage)
    {
        if (certificate is null) return "it showed no certificate";
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_roots);
        chain.ChainPolicy.ExtraStore.AddRange(_intermediates);
        if (presented is not null) chain.ChainPolicy.ExtraStore.AddRange(presented.ChainPolicy.ExtraStore);
        // Certificates of services are short-lived and renewed, not revoked.
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(usage));
        chain.ChainPolicy.VerificationTime = _time.GetUtcNow().UtcDateTime;
        chain.ChainPolicy.VerificationTimeIgnored = false;
        return chain.Build(certificate) ? null : $"its certificate is not good: {string.Join(", ", chain.ChainStatus.Select(status => status.Status).Distinct())}";
    }

    private static bool IsUnusable(Exception e) => e is IOException or CryptographicException or UnauthorizedAccessException or ArgumentException;
}
