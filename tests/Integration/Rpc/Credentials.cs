using Merpati.Platform.Tls;

namespace Merpati.Tests.Integration.Rpc;

/// <summary>An authority with certificates of services, in a folder of a test's own.</summary>
internal sealed class Credentials : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("merpati-rpc-").FullName;
    private readonly DevelopmentAuthority _authority = new(TimeProvider.System);

    public Credentials() => Authorities = _authority.WriteAuthority(_folder);

    public string Authorities { get; }

    public CertificateFiles Renew(string service, TimeSpan? lifetime = null) => _authority.Issue(_folder, service, lifetime: lifetime);

    /// <summary>The section <c>Rpc</c> of a service.</summary>
    public Dictionary<string, string?> Of(string service, TimeSpan? lifetime = null)
    {
        var files = Renew(service, lifetime);
        return new() { ["Certificate"] = files.Certificate, ["Key"] = files.Key, ["Authorities"] = Authorities };
    }

    public void Dispose()
    {
        _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
