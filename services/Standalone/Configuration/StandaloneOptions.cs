using System.ComponentModel.DataAnnotations;
using Merpati.Platform.Admin;
using Merpati.Platform.Hosting;
using Merpati.Platform.Listeners;

namespace Merpati.Standalone.Configuration;

/// <summary>
/// The top of the configuration. The sections smtpIngress, delivery, mailboxes, imapGateway, pop3Gateway, userDirectory, outboundRelay, sending, dns,
/// destinations, tlsPolicies and tlsReports are the options of the services themselves.
/// </summary>
public sealed class StandaloneOptions() : ServerOptions(listen: "127.0.0.1"), IMailServerOptions
{
    public const string DefaultData = "merpati-data";

    /// <summary>Folder of all that is kept.</summary>
    [Required]
    public string Data { get; set; } = DefaultData;

    /// <summary>The port of a protocol is its standard port plus this.</summary>
    [Range(0, 60000)]
    public int PortOffset { get; set; } = 2000;

    /// <summary>Makes a demo domain with two accounts when the directory is empty.</summary>
    public bool Demo { get; set; } = true;

    public bool AllowPlaintextAuth { get; set; }

    /// <summary>Without a certificate a self-signed one is made in the data folder.</summary>
    public TlsOptions Tls { get; set; } = new();

    /// <summary>Settings for mail clients over HTTPS; without a certificate of its own it has that of the mail ports.</summary>
    public SiteOptions Site { get; set; } = new();

    /// <summary>Further tokens of the admin API, besides the one in the data folder.</summary>
    public AdminOptions Admin { get; set; } = new();

    /// <summary>Domains to serve; those that are missing are added at start. More can be added with the merpati command.</summary>
    public IList<string> Domains { get; set; } = [];

    public ConnectionLimits Connections { get; set; } = new();
}
