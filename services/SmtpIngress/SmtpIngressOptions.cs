using System.ComponentModel.DataAnnotations;
using Merpati.Mail.Policy;
using Merpati.Protocols.Smtp;
using Merpati.SmtpIngress.Checks;
using Merpati.SmtpIngress.Door;
using Merpati.SmtpIngress.Scanners;
using Microsoft.Extensions.Options;
using Networks = Merpati.Platform.Listeners.TrustedNetworks;

namespace Merpati.SmtpIngress;

/// <summary>Settings of the section <c>SmtpIngress</c>.</summary>
public sealed class SmtpIngressOptions : IValidatableObject
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

    /// <summary>Who looks at what messages hold; none unless named.</summary>
    [ValidateEnumeratedItems]
    public IList<ScannerOptions> Scanners { get; set; } = [];

    /// <summary>What is looked at in messages without any other program.</summary>
    [ValidateObjectMembers]
    public ContentOptions Content { get; set; } = new();

    /// <summary>Time for all scanners of a message together, beginning when it is whole.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:09:00")]
    public TimeSpan ScanBudget { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>What is done with mail that is not its author's.</summary>
    public DmarcOptions Dmarc { get; set; } = new();

    /// <summary>The file with the rules that judge what the checks found (docs/inbound/policy.md); without one the standard policy holds.</summary>
    public string? Policy { get; set; }

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

    /// <summary>MAIL commands that succeed in one session, advertised as MAILMAX (RFC 9422); 0 for any number.</summary>
    [Range(0, 999_999)]
    public int MaxMessagesPerSession { get; set; } = 10_000;

    /// <summary>Domains of the recipients of one session, advertised as RCPTDOMAINMAX (RFC 9422); 0 for any number.</summary>
    [Range(0, 999_999)]
    public int MaxRecipientDomains { get; set; }

    /// <summary>Offers DSN (RFC 3461).</summary>
    public bool Dsn { get; set; } = true;

    /// <summary>Offers REQUIRETLS (RFC 8689) in TLS.</summary>
    public bool RequireTls { get; set; } = true;

    /// <summary>Offers BINARYMIME (RFC 3030 §3).</summary>
    public bool BinaryMime { get; set; } = true;

    /// <summary>Offers DELIVERBY (RFC 2852) to our users.</summary>
    public bool DeliverBy { get; set; } = true;

    /// <summary>Offers MT-PRIORITY (RFC 6710) to our users.</summary>
    public bool MtPriority { get; set; } = true;

    /// <summary>The highest priority that a user gets, whatever is asked for.</summary>
    [Range(-9, 9)]
    public int MaxPriority { get; set; } = 4;

    /// <summary>How long our users may have a message held (FUTURERELEASE, RFC 4865); 0 offers it not.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "3650.00:00:00")]
    public TimeSpan MaxHold { get; set; } = TimeSpan.FromDays(30);

    /// <summary>Networks of the proxies that may say for whom they connect (XCLIENT), such as 10.0.0.0/8.</summary>
    public IList<string> XClientNetworks { get; set; } = [];

    /// <summary>Networks of the filters that may say whose message they pass on (XFORWARD).</summary>
    public IList<string> XForwardNetworks { get; set; } = [];

    /// <summary>Networks that are never limited at the door; none named means loopback and the private networks.</summary>
    public IList<string> TrustedNetworks { get; set; } = [];

    /// <summary>Connections to port 25, all of one private address and over ten minutes, after which this process is not ready, for something hides its clients; 0 to not look.</summary>
    [Range(0, 1_000_000)]
    public int HiddenClientsAfter { get; set; } = 500;

    /// <summary>How long the greeting of port 25 waits for clients that speak before their turn.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:30")]
    public TimeSpan GreetDelay { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Connections of one address (of an IPv6 client: of its /64) in a minute; 0 for any number.</summary>
    [Range(0, 1_000_000)]
    public int ConnectionsPerMinute { get; set; } = 600;

    /// <summary>Messages of one address in a minute, on port 25; 0 for any number.</summary>
    [Range(0, 1_000_000)]
    public int MessagesPerMinute { get; set; } = 1200;

    /// <summary>Recipients of one address in a minute, on port 25; 0 for any number.</summary>
    [Range(0, 1_000_000)]
    public int RecipientsPerMinute { get; set; } = 6000;

    /// <summary>Recipients that do not exist, of one address in a minute, on port 25; 0 for any number.</summary>
    [Range(0, 1_000_000)]
    public int UnknownRecipientsPerMinute { get; set; } = 60;

    /// <summary>Further limits, such as 1000 recipients per account in an hour.</summary>
    public IList<RateOptions> Rates { get; set; } = [];

    /// <summary>Strangers have to come twice.</summary>
    [ValidateObjectMembers]
    public GreylistOptions Greylist { get; set; } = new();

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
        => [.. Networks.Check(XClientNetworks, nameof(XClientNetworks)), .. Networks.Check(XForwardNetworks, nameof(XForwardNetworks)), .. Networks.Check(TrustedNetworks, nameof(TrustedNetworks)), .. Rates.SelectMany(static (rate, i) => rate.Check($"{nameof(Rates)}:{i}")), .. CheckPolicy(), .. CheckScanners()];

    private IEnumerable<ValidationResult> CheckScanners()
        => Scanners.Select(scanner => scanner.Name).Concat(["content", "classifier"]).GroupBy(name => name, StringComparer.Ordinal).Where(group => group.Count() > 1).Select(group => new ValidationResult($"Two scanners are named '{group.Key}'.", [nameof(Scanners)]));

    private IEnumerable<ValidationResult> CheckPolicy()
    {
        if (Policy is null) return [];
        try
        {
            PolicySource.ReadFile(Policy);
            return [];
        }
        catch (PolicyException fault) { return [new ValidationResult($"{Policy} is no policy: {fault.Message}", [nameof(Policy)])]; }
    }

    internal SmtpServerOptions ForRole(SmtpRole role) => new()
    {
        HostName = HostName,
        OfferAuth = role == SmtpRole.Submission,
        RequireAuth = role == SmtpRole.Submission,
        AllowPlaintextAuth = AllowPlaintextAuth,
        MaxMessageSize = MaxMessageSize,
        MaxRecipients = MaxRecipients,
        MaxMessages = MaxMessagesPerSession > 0 ? MaxMessagesPerSession : null,
        MaxRecipientDomains = MaxRecipientDomains > 0 ? MaxRecipientDomains : null,
        AdvertiseDsn = Dsn,
        OfferRequireTls = RequireTls,
        OfferBinaryMime = BinaryMime,
        // What changes when a message goes out, and what is told of it, is for those whom we know.
        OfferDeliverBy = DeliverBy && role == SmtpRole.Submission,
        MaxPriority = MtPriority && role == SmtpRole.Submission ? MaxPriority : null,
        MaxHold = MaxHold > TimeSpan.Zero && role == SmtpRole.Submission ? MaxHold : null,
        XClientNetworks = new Networks(XClientNetworks).List,
        XForwardNetworks = new Networks(XForwardNetworks).List,
        CommandTimeout = CommandTimeout,
        DataTimeout = DataTimeout,
        MaxSessionTime = MaxSessionTime,
    };
}

[OptionsValidator]
internal sealed partial class SmtpIngressOptionsValidator : IValidateOptions<SmtpIngressOptions>;
