using System.ComponentModel.DataAnnotations;
using Merpati.Platform.Hosting;

namespace Merpati.ImapGateway.Host;

/// <summary>The top of ImapGateway's configuration.</summary>
public sealed class ImapGatewayHostOptions : MailServiceOptions
{
    public ImapPorts Ports { get; set; } = new();
}

/// <summary>The ports in the pod; 0 opens none.</summary>
public sealed class ImapPorts
{
    /// <summary>STARTTLS: 143 to the world.</summary>
    [Range(0, 65535)]
    public int Imap { get; set; } = 2143;

    /// <summary>TLS from the start: 993 to the world.</summary>
    [Range(0, 65535)]
    public int Imaps { get; set; } = 2993;
}
