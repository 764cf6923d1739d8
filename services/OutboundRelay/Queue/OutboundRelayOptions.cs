using System.ComponentModel.DataAnnotations;
using System.Text.RegularExpressions;
using Merpati.Mail.Dns;
using Merpati.QueueWork;
using Microsoft.Extensions.Options;

namespace Merpati.OutboundRelay.Queue;

/// <summary>Settings of the relay, section <c>OutboundRelay</c>.</summary>
public sealed class OutboundRelayOptions : IValidatableObject
{
    public const string Section = "OutboundRelay";

    /// <summary>Our name in DNS: EHLO, Reporting-MTA and MAILER-DAEMON's domain.</summary>
    public string HostName { get; set; } = "localhost";

    /// <summary>Further names by which DNS leads to us: mail to them must not come back to us.</summary>
    public IList<string> OwnNames { get; } = [];

    /// <summary>The addresses at which mail reaches us, those behind a load balancer too.</summary>
    public IList<string> OwnAddresses { get; } = [];

    /// <summary>The port of mail hosts.</summary>
    [Range(1, 65535)]
    public int Port { get; set; } = 25;

    /// <summary>Entries worked on at once.</summary>
    [Range(1, 10_000)]
    public int Concurrency { get; set; } = 256;

    /// <summary>Entries that wait for a server that does not answer; they leave their place to others after <see cref="ParkAfter"/>.</summary>
    [Range(0, 100_000)]
    public int Parking { get; set; } = 4096;

    /// <summary>An attempt without a session by then waits aside.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:05:00")]
    public TimeSpan ParkAfter { get; set; } = TimeSpan.FromSeconds(2);

    [Range(1, 1024)]
    public int LeaseBatch { get; set; } = 128;

    [Range(typeof(TimeSpan), "00:00:10", "01:00:00")]
    public TimeSpan LeaseDuration { get; set; } = TimeSpan.FromMinutes(3);

    /// <summary>The queue is looked at this often even if the bell is silent.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan SweepInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>What runs at shutdown may take this long; then its leases are given back.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan ShutdownGrace { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>An attempt on an entry, all its hosts together.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "1.00:00:00")]
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromHours(2);

    /// <summary>Addresses dialed in one attempt.</summary>
    [Range(1, 100)]
    public int MaxDials { get; set; } = 8;

    /// <summary>Sessions in which one attempt offers the message: who says "not now" in the first says so in the third.</summary>
    [Range(1, 20)]
    public int MaxSessions { get; set; } = 2;

    /// <summary>Recipients offered in one transaction.</summary>
    [Range(1, 10_000)]
    public int MaxRecipients { get; set; } = 100;

    /// <summary>The wait after the first attempt that failed for now; it doubles with each further one.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan FirstRetry { get; set; } = TimeSpan.FromMinutes(5);

    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan LongestRetry { get; set; } = TimeSpan.FromMinutes(70);

    /// <summary>Mail that could not be relayed for so long bounces (RFC 5321 §4.5.4.1: four to five days).</summary>
    [Range(typeof(TimeSpan), "00:00:01", "30.00:00:00")]
    public TimeSpan GiveUpAfter { get; set; } = TimeSpan.FromDays(5);

    /// <summary>Attempts without which no mail bounces for its age: a clock that jumped, or a relay that was off for a week, takes no mail with it.</summary>
    [Range(1, 1000)]
    public int FewestAttempts { get; set; } = 3;

    /// <summary>The sender is told once that the mail is late, where that is wanted. Zero for never.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00")]
    public TimeSpan DelayReportAfter { get; set; } = TimeSpan.FromHours(4);

    /// <summary>An entry that fails this often in a way that we did not foresee is held for a person.</summary>
    [Range(1, 1000)]
    public int HoldAfterFaults { get; set; } = 10;

    /// <summary>What holds for a domain, or for <c>.domain</c> and all below it, instead of the above.</summary>
    public IDictionary<string, DomainRelayOptions> Domains { get; } = new Dictionary<string, DomainRelayOptions>();

    /// <summary>What holds after a reply; the first whose pattern fits.</summary>
    [ValidateEnumeratedItems]
    public IList<ReplyRule> Replies { get; } = [];

    [ValidateObjectMembers]
    public GateOptions Gates { get; set; } = new();

    [ValidateObjectMembers]
    public SuppressOptions Suppress { get; set; } = new();

    [ValidateObjectMembers]
    public PoolOptions Pool { get; set; } = new();

    internal QueueWorkerSettings ToWorkerSettings() => new()
    {
        Concurrency = Concurrency,
        LeaseBatch = LeaseBatch,
        GatherTime = TimeSpan.Zero,
        LeaseDuration = LeaseDuration,
        SweepInterval = SweepInterval,
        ShutdownGrace = ShutdownGrace,
        Parking = Parking,
    };

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var key in Domains.Keys.Where(key => !DomainTable.IsKey(key)))
            yield return new ValidationResult($"'{key}' is not a domain; write example.org, or .example.org for what is below it.", [nameof(Domains)]);
        foreach (var (key, _) in Domains.Where(domain => !domain.Value.IsValid))
            yield return new ValidationResult($"For '{key}' the times go from a second to 30 days, maxConcurrency from 1 to 1000, messagesPerMinute from 0 to 1000000.", [nameof(Domains)]);
        foreach (var address in OwnAddresses.Where(address => !System.Net.IPAddress.TryParse(address, out _)))
            yield return new ValidationResult($"'{address}' is not an IP address.", [nameof(OwnAddresses)]);
        foreach (var rule in Replies.Where(rule => !rule.IsValid))
            yield return new ValidationResult($"'{rule.Pattern}' is not a regular expression that can be matched without going back; write for example ^4\\d\\d .*greylist.", [nameof(Replies)]);
        if (LongestRetry < FirstRetry) yield return new ValidationResult("The longest retry is shorter than the first.", [nameof(LongestRetry)]);
        if (Gates.InitialConcurrency > Gates.MaxConcurrency) yield return new ValidationResult("The initial concurrency is above the greatest.", [nameof(Gates)]);
    }
}

/// <summary>What is different for a domain; what is not given is as for all.</summary>
public sealed class DomainRelayOptions
{
    public TimeSpan? FirstRetry { get; set; }

    public TimeSpan? LongestRetry { get; set; }

    public TimeSpan? GiveUpAfter { get; set; }

    /// <summary>Connections at once.</summary>
    public int? MaxConcurrency { get; set; }

    /// <summary>Messages a minute; 0 for no limit.</summary>
    public int? MessagesPerMinute { get; set; }

    internal bool IsValid
        => Positive(FirstRetry) && Positive(LongestRetry) && Positive(GiveUpAfter) && (MaxConcurrency is null or (>= 1 and <= 1000)) && (MessagesPerMinute is null or (>= 0 and <= 1_000_000));

    private static bool Positive(TimeSpan? time) => time is null || (time >= TimeSpan.FromSeconds(1) && time <= TimeSpan.FromDays(30));
}

/// <summary>What a reply of a server means for the next attempt.</summary>
public sealed class ReplyRule
{
    // Matching takes time in proportion to the reply, which is short; this is for a machine that stands still meanwhile.
    private static readonly TimeSpan MatchTimeout = TimeSpan.FromSeconds(10);

    private Regex? _regex;

    /// <summary>A regular expression over the reply in one line, <c>451 4.7.1 Greylisted, come back later</c>; without case.</summary>
    [Required]
    public string Pattern { get; set; } = "";

    /// <summary>When to try again; none leaves it to the schedule.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan? RetryAfter { get; set; }

    /// <summary>We are too many for it: everybody behind the same host is given a rest.</summary>
    public bool TooMany { get; set; }

    internal bool IsValid
    {
        get
        {
            try { return Pattern.Length > 0 && Compiled.ToString().Length > 0; }
            catch (Exception e) when (e is ArgumentException or NotSupportedException) { return false; }
        }
    }

    private Regex Compiled => _regex ??= new Regex(Pattern, RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking, MatchTimeout);

    internal bool Matches(string reply) => Compiled.IsMatch(reply);
}

/// <summary>How much is done for one destination, one sender, one provider.</summary>
public sealed class GateOptions
{
    /// <summary>Attempts at once for a destination that we know nothing about.</summary>
    [Range(1, 1000)]
    public int InitialConcurrency { get; set; } = 5;

    /// <summary>Attempts at once for one destination.</summary>
    [Range(1, 1000)]
    public int MaxConcurrency { get; set; } = 20;

    /// <summary>How long a destination is left alone that cannot be reached; it doubles with each probe that fails.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan FirstRest { get; set; } = TimeSpan.FromMinutes(1);

    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan LongestRest { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How long the hosts of a provider are left alone that says "too many"; it doubles while it goes on saying so.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan FirstProviderRest { get; set; } = TimeSpan.FromMinutes(1);

    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan LongestProviderRest { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>Messages a minute to one destination from this process; 0 for no limit.</summary>
    [Range(0, 1_000_000)]
    public int MessagesPerMinute { get; set; }

    /// <summary>Messages a minute of one sender (account, or reverse-path) from this process; 0 for no limit.</summary>
    [Range(0, 1_000_000)]
    public int SenderMessagesPerMinute { get; set; }
}

/// <summary>How long a connection is kept for the next message.</summary>
public sealed class PoolOptions
{
    /// <summary>Zero closes it after each message.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:04:00")]
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(5);

    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan MaxAge { get; set; } = TimeSpan.FromMinutes(5);

    [Range(1, 100_000)]
    public int MaxMessages { get; set; } = 100;

    /// <summary>Idle connections in all.</summary>
    [Range(0, 100_000)]
    public int MaxIdle { get; set; } = 500;
}
