using System.ComponentModel.DataAnnotations;
using System.Net;
using Merpati.Addresses;
using Merpati.Mail.Auth;
using Merpati.Platform.Listeners;

namespace Merpati.SmtpIngress.Checks;

/// <summary>Keys below <c>SmtpIngress:Checks</c>: who sends what comes in on port 25.</summary>
public sealed class CheckOptions : IValidatableObject
{
    /// <summary>SPF, DKIM, DMARC, ARC and iprev are looked at, and told in Authentication-Results.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Time for all checks of a message together; what is not known by then is a temporary error of that check, and holds up nothing.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan Budget { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Networks whose mail is not checked, as 192.0.2.0/24; none means loopback.</summary>
    public IList<string> ExemptNetworks { get; } = [];

    /// <summary>DKIM signatures of a message that are verified, from the top.</summary>
    [Range(1, 100)]
    public int MaxSignatures { get; set; } = 10;

    /// <summary>Whether a signature counts that leaves the end of the body uncovered (<c>l=</c>, RFC 6376 §8.2).</summary>
    public bool AcceptPartialBody { get; set; }

    /// <summary>Block and allow lists in DNS; none unless named, as most have terms of use.</summary>
    public IList<DnsListOptions> DnsLists { get; } = [];

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var network in ExemptNetworks)
        {
            if (!IPNetwork.TryParse(network, out _)) yield return new ValidationResult($"'{network}' is not a network; write it as 192.0.2.0/24 or fd00::/8.", [nameof(ExemptNetworks)]);
        }
        foreach (var list in DnsLists)
        {
            if (Uri.CheckHostName(DomainName.ToAscii(list.Zone) ?? "") != UriHostNameType.Dns) yield return new ValidationResult($"'{list.Zone}' is not the zone of a DNS list; write it as zen.spamhaus.org.", [nameof(DnsLists)]);
            if (list.Score is 0 or < -1000 or > 1000) yield return new ValidationResult($"The DNS list {list.Zone} needs a score between -1000 and 1000: above 0 for a block list, below for an allow list.", [nameof(DnsLists)]);
            foreach (var answer in list.Answers)
            {
                if (!IPNetwork.TryParse(answer, out _) && !IPAddress.TryParse(answer, out _)) yield return new ValidationResult($"'{answer}' is no answer of the DNS list {list.Zone}; write it as 127.0.0.2 or 127.0.0.0/29.", [nameof(DnsLists)]);
            }
        }
    }
}

/// <summary>One of <c>SmtpIngress:Checks:DnsLists</c>.</summary>
public sealed class DnsListOptions
{
    public string Zone { get; set; } = "";

    public DnsListKind Kind { get; set; }

    /// <summary>Added to the fact <c>dnsbl.score</c> for who is on it; negative for an allow list.</summary>
    public double Score { get; set; }

    /// <summary>The answers that count, as 127.0.0.2 or 127.0.0.0/29; none means each that says "listed".</summary>
    public IList<string> Answers { get; } = [];

    internal DnsList ToList() => new(Zone, Kind, Score, new TrustedNetworks(Answers).List);
}

/// <summary>Keys below <c>SmtpIngress:Dmarc</c>.</summary>
public sealed class DmarcOptions
{
    /// <summary>Mail that fails DMARC is refused where the author's domain asks for that (<c>p=reject</c>). Otherwise it is only told in Authentication-Results.</summary>
    public bool Enforce { get; set; }

    /// <summary>How it is found which domains are of one organization, for the policy and for what is aligned.</summary>
    public DmarcDiscovery OrganizationalDomain { get; set; } = DmarcDiscovery.TreeWalk;

    /// <summary>Domains whose word counts when an unbroken ARC chain was sealed by them last: mail that failed here and passed there is not refused (RFC 8617 §7.2.1).</summary>
    public IList<string> TrustedSealers { get; } = [];
}
