using System.ComponentModel.DataAnnotations;
using Merpati.Platform.Hosting;

namespace Merpati.Pop3Gateway.Host;

/// <summary>The top of Pop3Gateway's configuration.</summary>
public sealed class Pop3GatewayHostOptions : MailServiceOptions
{
    public Pop3HostPorts Ports { get; set; } = new();
}

/// <summary>The ports in the pod; 0 opens none.</summary>
public sealed class Pop3HostPorts
{
    /// <summary>STLS: 110 to the world.</summary>
    [Range(0, 65535)]
    public int Pop3 { get; set; } = 2110;

    /// <summary>TLS from the start: 995 to the world.</summary>
    [Range(0, 65535)]
    public int Pop3s { get; set; } = 2995;
}
