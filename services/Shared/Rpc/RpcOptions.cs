using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Merpati.Rpc;

/// <summary>How the services of the cluster talk to each other, section <c>Rpc</c>.</summary>
public sealed class RpcOptions
{
    public const string Section = "Rpc";

    public const int DefaultPort = 8443;

    /// <summary>Where a service that serves others listens; 0 takes any that is free.</summary>
    [Range(0, 65535)]
    public int Port { get; set; } = DefaultPort;

    public RpcSecurity Security { get; set; }

    /// <summary>PEM file with the certificate of this service and its chain. It is shown to those who call and to those who are called, so it needs both extended key usages.</summary>
    public string? Certificate { get; set; }

    /// <summary>PEM file with the key.</summary>
    public string? Key { get; set; }

    /// <summary>PEM file with the authorities that the services' certificates come from. Those of the operating system do not count here.</summary>
    public string? Authorities { get; set; }

    /// <summary>Where Delivery is: <c>dns:///name:port</c> (all addresses of the name), or <c>host:port</c>, several with commas between.</summary>
    public string? Delivery { get; set; }

    /// <summary>Where UserDirectory is, as for <see cref="Delivery"/>.</summary>
    public string? UserDirectory { get; set; }

    /// <summary>Time for a question, repetitions and all.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan LookupTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Time for a change, such as a COPY of a whole mailbox.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan ChangeTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long the next piece of a list or a body may take. A mail client that reads slowly is not counted.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a peer may say nothing, not even to a ping, before its connections are given up and what it was asked fails.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan PeerTimeout { get; set; } = TimeSpan.FromSeconds(5);

    [ValidateObjectMembers]
    public RpcAccess Allow { get; set; } = new();
}

public enum RpcSecurity
{
    /// <summary>TLS with certificates on both sides.</summary>
    MutualTls = 0,

    /// <summary>Clear text, every caller may call everything, and the port is open on loopback only. With reflection.</summary>
    Development = 1,
}

/// <summary>Who may call what: names of <see cref="ServiceNames"/>, with commas between. The defaults are what each service needs, and no more.</summary>
public sealed class RpcAccess
{
    [Required]
    public string Mailboxes { get; set; } = $"{ServiceNames.ImapGateway},{ServiceNames.Pop3Gateway},{ServiceNames.UserDirectory}";

    [Required]
    public string MaildropLocks { get; set; } = ServiceNames.Pop3Gateway;

    [Required]
    public string AccountRemoval { get; set; } = ServiceNames.UserDirectory;

    [Required]
    public string Sharing { get; set; } = ServiceNames.UserDirectory;

    [Required]
    public string DkimKeys { get; set; } = ServiceNames.OutboundRelay;

    [Required]
    public string Queue { get; set; } = ServiceNames.UserDirectory;

    [Required]
    public string Timeline { get; set; } = ServiceNames.UserDirectory;

    [Required]
    public string Suppressions { get; set; } = $"{ServiceNames.OutboundRelay},{ServiceNames.Delivery}";

    [Required]
    public string Directory { get; set; } = $"{ServiceNames.SmtpIngress},{ServiceNames.Delivery},{ServiceNames.OutboundRelay},{ServiceNames.ImapGateway},{ServiceNames.Pop3Gateway}";
}
