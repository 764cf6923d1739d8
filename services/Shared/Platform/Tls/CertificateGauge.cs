using System.Diagnostics.Metrics;
using System.Security.Cryptography.X509Certificates;

namespace Merpati.Platform.Tls;

/// <summary>How long the certificates in use are still good for: who sees only new connections fail has seen it too late.</summary>
public static class CertificateGauge
{
    /// <param name="use">Closed set: <c>tls</c> for what clients and peers see, <c>rpc</c> between services.</param>
    /// <param name="inUse">Asked at each scrape.</param>
    public static void Show(IMeterFactory meters, string use, TimeProvider time, Func<IEnumerable<X509Certificate2>> inUse)
        => meters.Create("Merpati.Tls").CreateObservableGauge("merpati.tls.certificate.remaining",
            () => inUse().Select(certificate => new Measurement<double>(
                (certificate.NotAfter.ToUniversalTime() - time.GetUtcNow().UtcDateTime).TotalSeconds,
                new("use", use),
                new("name", certificate.GetNameInfo(X509NameType.DnsName, forIssuer: false)))),
            "s",
            "Until the certificate in use ends, by its name; below 0 it has ended");
}
