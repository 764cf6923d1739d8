using System.ComponentModel.DataAnnotations;
using Merpati.Platform.Listeners;
using Microsoft.Extensions.Logging;

namespace Merpati.Platform.Hosting;

/// <summary>The top of every server's configuration; each server adds its own keys. The sections are the options of the services and stores in it.</summary>
public abstract class ServerOptions
{
    /// <param name="listen">The default of <see cref="Listen"/>.</param>
    protected ServerOptions(string listen) => Listen = listen;

    /// <summary>Address of all ports: an IP address, <c>localhost</c>, or <c>*</c> for all addresses of both families.</summary>
    [Required]
    public string Listen { get; set; }

    /// <summary>How this server calls itself in greetings, Received headers and reports; its name in DNS.</summary>
    [RegularExpression(@"^$|^[A-Za-z0-9]([A-Za-z0-9.\-]*[A-Za-z0-9])?$")]
    public string Hostname { get; set; } = "";

    public LogLevel LogLevel { get; set; } = LogLevel.Information;

    public LogFormat LogFormat { get; set; }
}

/// <summary>What a server has that opens mail ports.</summary>
public interface IMailServerOptions
{
    /// <summary>Passwords are taken without TLS. For tests on loopback.</summary>
    bool AllowPlaintextAuth { get; }

    TlsOptions Tls { get; }

    ConnectionLimits Connections { get; }
}

public enum LogFormat
{
    Text = 0,
    Json,
}
