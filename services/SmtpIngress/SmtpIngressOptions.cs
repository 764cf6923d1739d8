using System.ComponentModel.DataAnnotations;
using Merpati.Protocols.Smtp;
using Merpati.SmtpIngress.Checks;
using Microsoft.Extensions.Options;

namespace Merpati.SmtpIngress;

/// <summary>Settings of the section <c>SmtpIngress</c>.</summary>
public sealed class SmtpIngressOptions
{
    public const string Section = "SmtpIngress";

    /// <summary>The name of this server, as DNS has it: in the greeting, in Received and in made-up Message-IDs.</summary>
    [Required(ErrorMessage = "write the server's name as DNS has it, such as mail.example.org.")]
    public string HostName { get; set; } = "";

    /// <summary>AUTH without TLS: for tests on loopback only.</summary>
    public bool AllowPlaintextAuth { get; set; }

    /// <summary>Octets of a message, advertised as SIZE.</summary>
    [Range(65_536, 2_147_483_647)]
    public long MaxMessageSize { get; set; } = 52_428_800;

    /// <summary>Recipients of one message; RFC 5321 §4.5.3.1.8 wants at least 100.</summary>
    [Range(100, 100_000)]
    public int MaxRecipients { get; set; } = 1000;

    /// <summary>Octets of all header fields together.</summary>
    [Range(16_384, 16_777_216)]
    public int MaxHeaderSize { get; set; } = 1_048_576;

    /// <summary>Who sends what comes in from outside.</summary>
    [ValidateObjectMembers]
    public CheckOptions Checks { get; set; } = new();

    /// <summary>What is done with mail that is not its author's.</summary>
    public DmarcOptions Dmarc { get; set; } = new();

    /// <summary>Received fields before a message counts as going round in circles (RFC 5321 §6.3 wants at least 100 to be safe; 50 is what real mail never reaches).</summary>
    [Range(10, 1000)]
    public int MaxHops { get; set; } = 50;

    /// <summary>Time for one command.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "01:00:00")]
    public TimeSpan CommandTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Time for the next octets of a message.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "01:00:00")]
    public TimeSpan DataTimeout { get; set; } = TimeSpan.FromMinutes(3);

    /// <summary>Time for a whole connection.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "1.00:00:00")]
    public TimeSpan MaxSessionTime { get; set; } = TimeSpan.FromHours(2);

    internal SmtpServerOptions ForRole(SmtpRole role) => new()
    {
        HostName = HostName,
        OfferAuth = role == SmtpRole.Submission,
        RequireAuth = role == SmtpRole.Submission,
        AllowPlaintextAuth = AllowPlaintextAuth,
        MaxMessageSize = MaxMessageSize,
        MaxRecipients = MaxRecipients,
        CommandTimeout = CommandTimeout,
        DataTimeout = DataTimeout,
        MaxSessionTime = MaxSessionTime,
    };
}

[OptionsValidator]
internal sealed partial class SmtpIngressOptionsValidator : IValidateOptions<SmtpIngressOptions>;
