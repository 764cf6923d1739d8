using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Merpati.Local.Cluster;

/// <summary>A certificate authority for this machine: services show each other its certificates, and mail clients are told to trust it.</summary>
public sealed class DevelopmentAuthority : IDisposable
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private readonly string _folder;
    private readonly TimeProvider _time;
    private readonly X509Certificate2 _certificate;

    /// <summary>Makes a new authority and leaves its certificate in the folder; its key stays in memory.</summary>
    public DevelopmentAuthority(string folder, TimeProvider time)
    {
        _folder = folder;
        _time = time;
        Directory.CreateDirectory(folder);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Merpati development authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        var now = time.GetUtcNow();
        _certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddYears(2));
        File.WriteAllText(CertificateFile, _certificate.ExportCertificatePem() + "\n");
    }

    /// <summary>The authority's certificate, PEM.</summary>
    public string CertificateFile => Path.Combine(_folder, "authority.pem");

    /// <summary>A certificate for both ends of a connection: <c>NAME.pem</c> and <c>NAME-key.pem</c>.</summary>
    public (string Certificate, string Key) Issue(string name, params ReadOnlySpan<string> names)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var other in names)
        {
            if (IPAddress.TryParse(other, out var address)) alternatives.AddIpAddress(address);
            else alternatives.AddDnsName(other);
        }
        request.CertificateExtensions.Add(alternatives.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerAuthentication), new Oid(ClientAuthentication)], critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_certificate, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        var now = _time.GetUtcNow();
        using var certificate = request.Create(_certificate, now.AddDays(-1), now.AddYears(1), RandomNumberGenerator.GetBytes(16));
        var files = (Path.Combine(_folder, name + ".pem"), Path.Combine(_folder, name + "-key.pem"));
        File.WriteAllText(files.Item1, certificate.ExportCertificatePem() + "\n");
        File.WriteAllText(files.Item2, key.ExportPkcs8PrivateKeyPem() + "\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(files.Item2, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return files;
    }

    public void Dispose() => _certificate.Dispose();
}
