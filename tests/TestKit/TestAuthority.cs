using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Merpati.TestKit;

/// <summary>An authority for tests that need certificates of every kind: good, expired, for other names, with intermediates.</summary>
public sealed class TestAuthority : IDisposable
{
    private readonly X509Certificate2 _withKey;

    // One moment for all: what an authority issues must not outlive it by a second.
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    private TestAuthority(X509Certificate2 withKey)
    {
        _withKey = withKey;
        Certificate = X509CertificateLoader.LoadCertificate(withKey.RawData);
    }

    /// <summary>Without its key.</summary>
    public X509Certificate2 Certificate { get; }

    public static TestAuthority Root(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new TestAuthority(OfAuthority(name, key).CreateSelfSigned(Now.AddYears(-1), Now.AddYears(1)));
    }

    /// <summary>An authority below this one.</summary>
    public TestAuthority Intermediate(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = OfAuthority(name, key).Create(_withKey, Now.AddMonths(-6), Now.AddMonths(6), Serial());
        return new TestAuthority(certificate.CopyWithPrivateKey(key));
    }

    /// <summary>A server's certificate with its key.</summary>
    /// <param name="commonName">Of the subject, where it counts for nothing.</param>
    /// <param name="names">Alternative names; none for none.</param>
    public X509Certificate2 Issue(string commonName, string[] names, bool expired = false)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={commonName}", key, HashAlgorithmName.SHA256);
        if (names.Length > 0)
        {
            var alternatives = new SubjectAlternativeNameBuilder();
            foreach (var name in names) alternatives.AddDnsName(name);
            request.CertificateExtensions.Add(alternatives.Build());
        }
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        using var certificate = request.Create(_withKey, Now.AddMonths(-2), Now.AddMonths(expired ? -1 : 1), Serial());
        return certificate.CopyWithPrivateKey(key);
    }

    public void Dispose()
    {
        _withKey.Dispose();
        Certificate.Dispose();
    }

    private static CertificateRequest OfAuthority(string name, ECDsa key)
    {
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        return request;
    }

    private static byte[] Serial()
    {
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] &= 0x7f;
        return serial;
    }
}
