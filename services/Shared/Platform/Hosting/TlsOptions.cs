using System.ComponentModel.DataAnnotations;
using Merpati.Platform.Tls;

namespace Merpati.Platform.Hosting;

/// <summary>Where the certificates of the mail ports are.</summary>
public sealed class TlsOptions
{
    /// <summary>PEM file with the certificate and its chain.</summary>
    public string? Certificate { get; set; }

    /// <summary>PEM file with the key.</summary>
    public string? Key { get; set; }

    /// <summary>Further pairs, chosen by the server name that the client asks for.</summary>
    public IList<CertificatePair> Certificates { get; set; } = [];

    /// <summary>What is named, the default first.</summary>
    public IReadOnlyList<CertificateFiles> ToFiles()
    {
        var files = Certificates.Select(pair => new CertificateFiles(pair.Certificate, pair.Key)).ToList();
        if (Certificate is not null) files.Insert(0, new CertificateFiles(Certificate, Key!));
        return files;
    }

    /// <exception cref="ConfigurationException">Half of a pair is missing.</exception>
    internal void Check()
    {
        if (Certificate is null != Key is null) throw new ConfigurationException("The configuration keys 'tls:certificate' and 'tls:key' belong together: name both files or none.");
        foreach (var pair in Certificates.Where(pair => pair.Certificate.Length == 0 || pair.Key.Length == 0))
            throw new ConfigurationException($"The configuration key 'tls:certificates' takes pairs: write {{ certificate: <file>, key: <file> }} for '{pair.Certificate}{pair.Key}'.");
    }
}

public sealed class CertificatePair
{
    [Required]
    public string Certificate { get; set; } = "";

    [Required]
    public string Key { get; set; } = "";
}
