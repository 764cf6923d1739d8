using System.ComponentModel.DataAnnotations;
using Merpati.Platform.Hosting;

namespace Merpati.SmtpIngress.Host;

/// <summary>The top of SmtpIngress's configuration.</summary>
public sealed class SmtpIngressHostOptions : MailServiceOptions
{
    public SmtpPorts Ports { get; set; } = new();
}

/// <summary>The ports in the pod; 0 opens none.</summary>
public sealed class SmtpPorts
{
    /// <summary>Mail from other servers, STARTTLS: 25 to the world.</summary>
    [Range(0, 65535)]
    public int Smtp { get; set; } = 2525;

    /// <summary>Mail from our users, STARTTLS: 587 to the world.</summary>
    [Range(0, 65535)]
    public int Submission { get; set; } = 2587;

    /// <summary>Mail from our users, TLS from the start: 465 to the world.</summary>
    [Range(0, 65535)]
    public int Submissions { get; set; } = 2465;
}
