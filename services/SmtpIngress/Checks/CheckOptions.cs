using System.ComponentModel.DataAnnotations;
using System.Net;

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

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var network in ExemptNetworks)
        {
            if (!IPNetwork.TryParse(network, out _)) yield return new ValidationResult($"'{network}' is not a network; write it as 192.0.2.0/24 or fd00::/8.", [nameof(ExemptNetworks)]);
        }
    }
}

/// <summary>Keys below <c>SmtpIngress:Dmarc</c>.</summary>
public sealed class DmarcOptions
{
    /// <summary>Mail that fails DMARC is refused where the author's domain asks for that (<c>p=reject</c>). Otherwise it is only told in Authentication-Results.</summary>
    public bool Enforce { get; set; }

    /// <summary>Domains whose word counts when an unbroken ARC chain was sealed by them last: mail that failed here and passed there is not refused (RFC 8617 §7.2.1).</summary>
    public IList<string> TrustedSealers { get; } = [];
}
