using System.ComponentModel.DataAnnotations;

namespace Merpati.Platform.Hosting;

/// <summary>The HTTPS port for everybody: settings for mail clients and the MTA-STS policy. Health, metrics and administration are not there.</summary>
public sealed class SiteOptions : IValidatableObject
{
    /// <summary>0 opens none.</summary>
    [Range(0, 65535)]
    public int Port { get; set; }

    /// <summary>PEM file with the certificate and its chain. It names <c>mta-sts.</c> and <c>autoconfig.</c> of the domains.</summary>
    public string? Certificate { get; set; }

    /// <summary>PEM file with the key.</summary>
    public string? Key { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Certificate is null != Key is null) yield return new ValidationResult("site:certificate and site:key belong together: name both files or none.", [Certificate is null ? nameof(Certificate) : nameof(Key)]);
    }
}
