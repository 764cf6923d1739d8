using System.ComponentModel.DataAnnotations;
using Merpati.Platform.Listeners;

namespace Merpati.Platform.Hosting;

/// <summary>The top of the configuration of a service in the cluster.</summary>
public abstract class ServiceOptions() : ServerOptions(listen: "*")
{
    public HttpOptions Http { get; set; } = new();
}

/// <summary>A service that opens mail ports.</summary>
public abstract class MailServiceOptions : ServiceOptions, IMailServerOptions
{
    public bool AllowPlaintextAuth { get; set; }

    public TlsOptions Tls { get; set; } = new();

    public ConnectionLimits Connections { get; set; } = new();
}

/// <summary>The port for health and metrics, and administration where a service has it.</summary>
public sealed class HttpOptions : IValidatableObject
{
    [Range(1, 65535)]
    public int Port { get; set; } = 8080;

    /// <summary>PEM file with the certificate and its chain: with it the port speaks HTTPS.</summary>
    public string? Certificate { get; set; }

    /// <summary>PEM file with the key.</summary>
    public string? Key { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Certificate is null != Key is null) yield return new ValidationResult("http:certificate and http:key belong together: name both files or none.", [Certificate is null ? nameof(Certificate) : nameof(Key)]);
    }
}
