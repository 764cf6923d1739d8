using System.ComponentModel.DataAnnotations;
using Merpati.Platform.Listeners;
using Microsoft.Extensions.Logging;

namespace Merpati.Standalone.Configuration;

/// <summary>
/// The top of the configuration. The sections smtpIngress, delivery, mailboxes, imapGateway, pop3Gateway and userDirectory are the options of the services themselves.
/// </summary>
public sealed class StandaloneOptions
{
    public const string DefaultData = "merpati-data";

    /// <summary>Folder of all that is kept.</summary>
    [Required]
    public string Data { get; set; } = DefaultData;

    /// <summary>Address of all ports: an IP address, <c>localhost</c>, or <c>*</c> for all addresses of both families.</summary>
    [Required]
    public string Listen { get; set; } = "127.0.0.1";

    /// <summary>The port of a protocol is its standard port plus this.</summary>
    [Range(0, 60000)]
    public int PortOffset { get; set; } = 2000;

    /// <summary>How this server calls itself in greetings, Received headers and reports; its name in DNS.</summary>
    [RegularExpression(@"^$|^[A-Za-z0-9]([A-Za-z0-9.\-]*[A-Za-z0-9])?$")]
    public string Hostname { get; set; } = "";

    /// <summary>Makes a demo domain with two accounts when the directory is empty.</summary>
    public bool Demo { get; set; } = true;

    /// <summary>Passwords are taken without TLS. For tests on loopback.</summary>
    public bool AllowPlaintextAuth { get; set; }

    public TlsOptions Tls { get; set; } = new();

    /// <summary>Domains to serve; those that are missing are added at start. More can be added with the merpati command.</summary>
    public IList<string> Domains { get; set; } = [];

    public ConnectionLimits Connections { get; set; } = new();

    public LogLevel LogLevel { get; set; } = LogLevel.Information;

    public LogFormat LogFormat { get; set; }
}

public enum LogFormat
{
    Text = 0,
    Json,
}

/// <summary>Where the certificate is. Without any, a self-signed one is made in the data folder.</summary>
public sealed class TlsOptions
{
    /// <summary>PEM file with the certificate and its chain.</summary>
    public string? Certificate { get; set; }

    /// <summary>PEM file with the key.</summary>
    public string? Key { get; set; }

    /// <summary>Further pairs, chosen by the server name that the client asks for.</summary>
    public IList<CertificatePair> Certificates { get; set; } = [];
}

public sealed class CertificatePair
{
    [Required]
    public string Certificate { get; set; } = "";

    [Required]
    public string Key { get; set; } = "";
}
