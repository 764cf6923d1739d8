using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Merpati.Platform.Tls;

/// <summary>
/// An authority that lives as long as this object and gives the services of one machine their certificates: for development and tests.
/// Its key is in no file, so nobody can make more of them later.
/// </summary>
public sealed class DevelopmentAuthority : IDisposable
{
    private static readonly Oid ServerUsage = new("1.3.6.1.5.5.7.3.1");
    private static readonly Oid ClientUsage = new("1.3.6.1.5.5.7.3.2");

    private readonly TimeProvider _time;
    private readonly X509Certificate2 _authority;

    public DevelopmentAuthority(TimeProvider time)
    {
        _time = time;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Merpati development authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        var now = time.GetUtcNow();
        _authority = request.CreateSelfSigned(now.AddDays(-1), now.AddYears(2));
    }

    /// <summary>Writes <c>authorities.pem</c>.</summary>
    /// <returns>Its path.</returns>
    public string WriteAuthority(string folder)
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, "authorities.pem");
        PemFile.Write(path, _authority.ExportCertificatePem() + "\n", PemFile.Everybody);
        return path;
    }

    /// <summary>Writes <c>NAME.pem</c> and <c>NAME.key.pem</c>, over those that are there: a certificate of that service, good on both ends of a call.</summary>
    /// <param name="names">DNS names and IP addresses besides the service's own.</param>
    /// <param name="lifetime">Null: as long as the authority's.</param>
    public CertificateFiles Issue(string folder, string service, IEnumerable<string>? names = null, TimeSpan? lifetime = null)
    {
        Directory.CreateDirectory(folder);
        var files = new CertificateFiles(Path.Combine(folder, service + ".pem"), Path.Combine(folder, service + ".key.pem"));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={service}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(Alternatives([service, .. names ?? []]));
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([ServerUsage, ClientUsage], critical: false));
        var now = _time.GetUtcNow();
        Span<byte> serial = stackalloc byte[16];
        RandomNumberGenerator.Fill(serial);
        serial[0] &= 0x7f;
        var end = lifetime is { } span ? now + span : new DateTimeOffset(_authority.NotAfter);
        using var certificate = request.Create(_authority, now.AddHours(-1), end, serial);
        PemFile.Write(files.Key, key.ExportPkcs8PrivateKeyPem(), PemFile.Owner);
        PemFile.Write(files.Certificate, certificate.ExportCertificatePem() + "\n", PemFile.Everybody);
        return files;
    }

    public void Dispose() => _authority.Dispose();

    internal static X509Extension Alternatives(IEnumerable<string> names)
    {
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            if (IPAddress.TryParse(name, out var address)) alternatives.AddIpAddress(address);
            else alternatives.AddDnsName(name);
        }
        return alternatives.Build();
    }
}
