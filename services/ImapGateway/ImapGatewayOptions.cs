using System.ComponentModel.DataAnnotations;
using Merpati.Protocols.Imap;
using Microsoft.Extensions.Options;

namespace Merpati.ImapGateway;

/// <summary>Settings of the IMAP gateway, section <c>ImapGateway</c>.</summary>
public sealed class ImapGatewayOptions
{
    public const string Section = "ImapGateway";

    /// <summary>Lets clients log in without TLS. For tests on loopback; passwords are readable on the wire.</summary>
    public bool AllowPlaintextAuth { get; set; }

    /// <summary>Largest message that APPEND takes, octets; no larger than <c>Mailboxes:MaxMessageSize</c>.</summary>
    [Range(65_536, 2_147_483_648)]
    public long AppendLimit { get; set; } = 50 * 1024 * 1024;

    /// <summary>Time from the greeting to a login.</summary>
    [Range(typeof(TimeSpan), "00:00:05", "00:10:00")]
    public TimeSpan LoginTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Autologout; RFC 3501 §5.4 asks for 30 minutes or more.</summary>
    [Range(typeof(TimeSpan), "00:30:00", "1.00:00:00")]
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>A client that takes or sends nothing for so long, while it should, is cut off.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "00:30:00")]
    public TimeSpan StallTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>A session in IDLE looks at its mailbox this often even if no change was announced.</summary>
    [Range(typeof(TimeSpan), "00:00:05", "00:30:00")]
    public TimeSpan IdlePoll { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Mailboxes may be shared with accounts of other domains, and <c>anyone</c> is everybody who can log in. Else the domains know nothing of each other,
    /// and <c>anyone</c> is everybody of the owner's domain.
    /// </summary>
    public bool ShareAcrossDomains { get; set; }

    /// <summary>How users reach the administrator, a URI such as <c>mailto:postmaster@example.org</c>; clients may show it (RFC 5464 §6.2.1 /shared/admin).</summary>
    public Uri? AdminContact { get; set; }

    /// <summary>What users may like to know of this server; clients may show it (RFC 5464 §6.2.1 /shared/comment).</summary>
    [MaxLength(1000)]
    public string? ServerComment { get; set; }

    internal ImapOptions ToEngine() => new()
    {
        ShareAcrossDomains = ShareAcrossDomains,
        AdminContact = AdminContact?.OriginalString,
        ServerComment = ServerComment,
        AllowPlaintextAuth = AllowPlaintextAuth,
        AppendLimit = AppendLimit,
        MaxDiscard = 4 * AppendLimit,
        LoginTimeout = LoginTimeout,
        IdleTimeout = IdleTimeout,
        StallTimeout = StallTimeout,
        IdlePoll = IdlePoll,
    };
}

[OptionsValidator]
internal sealed partial class ImapGatewayOptionsValidator : IValidateOptions<ImapGatewayOptions>;
