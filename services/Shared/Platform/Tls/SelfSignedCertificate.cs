using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Merpati.Platform.Tls;

/// <summary>A certificate for trying things out: clients have to be told to trust it.</summary>
public static class SelfSignedCertificate
{
    /// <summary>Makes <c>certificate.pem</c> and <c>key.pem</c> (readable by the owner only) in the folder, unless they are there and good for another 30 days.</summary>
    public static CertificateFiles Ensure(string folder, IReadOnlyList<string> names, TimeProvider time)
    {
        var files = new CertificateFiles(Path.Combine(folder, "certificate.pem"), Path.Combine(folder, "key.pem"));
        if (IsGood(files, names, time)) return files;
        Directory.CreateDirectory(folder);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={names[0]}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(DevelopmentAuthority.Alternatives(names));
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        var now = time.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddYears(2));
        PemFile.Write(files.Key, key.ExportPkcs8PrivateKeyPem(), PemFile.Owner);
        PemFile.Write(files.Certificate, certificate.ExportCertificatePem() + "\n", PemFile.Everybody);
        return files;
    }

    private static bool IsGood(CertificateFiles files, IReadOnlyList<string> names, TimeProvider time)
    {
        if (!File.Exists(files.Certificate) || !File.Exists(files.Key)) return false;
        try
        {
            using var certificate = X509Certificate2.CreateFromPemFile(files.Certificate, files.Key);
            return certificate.NotAfter.ToUniversalTime() > time.GetUtcNow().UtcDateTime.AddDays(30) && names.All(name => certificate.MatchesHostname(name));
        }
        catch (Exception e) when (e is IOException or CryptographicException) { return false; }
    }
}
