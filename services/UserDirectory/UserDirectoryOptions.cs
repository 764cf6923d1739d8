using System.ComponentModel.DataAnnotations;
using System.Net;
using Merpati.Addresses;
using Microsoft.Extensions.Options;

namespace Merpati.UserDirectory;

/// <summary>Section <c>UserDirectory</c> of the configuration.</summary>
public sealed class UserDirectoryOptions : IValidatableObject
{
    public const string Section = "UserDirectory";

    /// <summary>Characters of which the first in a local part begins the tag of a subaddress (RFC 5233); empty for none.</summary>
    [RegularExpression("^[-+._=#!~]*$", ErrorMessage = "write characters of -+._=#!~ only, such as \"+\".")]
    public string SubaddressDelimiters { get; set; } = "+";

    /// <summary>The name of this server: mail to postmaster of it, or to <c>RCPT TO:&lt;Postmaster&gt;</c> without a domain, reaches whoever reads postmaster mail (RFC 5321 §4.5.1).</summary>
    public string HostName { get; set; } = "localhost";

    /// <summary>Where mail for postmaster@ of a domain goes that has no such account or alias; null for the first account (RFC 5321 §4.5.1).</summary>
    public string? Postmaster { get; set; }

    /// <summary>Whether abuse@ (RFC 2142 §4) reaches whoever postmaster@ reaches where there is no such account or alias.</summary>
    public bool AbuseReachesPostmaster { get; set; } = true;

    /// <summary>The domain of a login that is written without one; null to ask for whole addresses.</summary>
    public string? DefaultLoginDomain { get; set; }

    /// <summary>How long a resolved address may be older than the store where another process changed it. Changes made here show at once.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan CacheLifetime { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often DNS is asked whether the record of an announced DKIM key is there.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan DkimCheckInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Resolved addresses kept at most.</summary>
    [Range(16, 10_000_000)]
    public int CachedAddresses { get; set; } = 20_000;

    [Range(1, 512)]
    public int MinimumPasswordLength { get; set; } = 1;

    /// <summary>Argon2id memory in KiB. The defaults of memory, passes and lanes are OWASP's minimum.</summary>
    [Range(1024, 1_048_576)]
    public int Argon2MemoryKiB { get; set; } = 19_456;

    [Range(1, 100)]
    public int Argon2Passes { get; set; } = 2;

    [Range(1, 16)]
    public int Argon2Lanes { get; set; } = 1;

    /// <summary>RFC 7677 §4 asks for 4096 at least.</summary>
    [Range(4096, 10_000_000)]
    public int ScramIterations { get; set; } = 10_000;

    /// <summary>Passwords checked at the same time; 0 for one on each core.</summary>
    [Range(0, 1024)]
    public int ConcurrentVerifications { get; set; }

    /// <summary>Logins that may wait for their check; more are told to come back.</summary>
    [Range(1, 100_000)]
    public int WaitingVerifications { get; set; } = 256;

    /// <summary>How long a password that was right is known to be right without the costly check; 0 for never.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan RecentLoginLifetime { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Failures of one login from one client network before delays begin.</summary>
    [Range(1, 1000)]
    public int FailuresPerLogin { get; set; } = 10;

    /// <summary>Failures of all logins from one client network before delays begin.</summary>
    [Range(1, 100_000)]
    public int FailuresPerNetwork { get; set; } = 50;

    /// <summary>The longest delay after failures; the first is a second and each further failure doubles it.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan LongestDelay { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>After this time half of the failures are forgotten.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "1.00:00:00")]
    public TimeSpan FailureHalfLife { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Networks that are never shut out as a whole, because many people or our own nodes stand behind one address: load balancers, web mail.
    /// Loopback always is one. Each login from there is still throttled by itself.
    /// </summary>
    public IList<string> TrustedNetworks { get; } = [];

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var network in TrustedNetworks)
        {
            if (!IPNetwork.TryParse(network, out _)) yield return new ValidationResult($"'{network}' is not a network; write it as 10.0.0.0/8 or fd00::/8.", [nameof(TrustedNetworks)]);
        }
        if (Postmaster is not null && !EmailAddress.TryParse(Postmaster, out _)) yield return new ValidationResult($"'{Postmaster}' is not an address; write it as ann@example.org.", [nameof(Postmaster)]);
    }
}

[OptionsValidator]
internal sealed partial class UserDirectoryOptionsValidator : IValidateOptions<UserDirectoryOptions>;
