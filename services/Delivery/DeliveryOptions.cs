using System.ComponentModel.DataAnnotations;
using Merpati.QueueWork;
using Microsoft.Extensions.Options;

namespace Merpati.Delivery;

/// <summary>Settings of the delivery service, section <c>Delivery</c>.</summary>
public sealed class DeliveryOptions
{
    public const string Section = "Delivery";

    /// <summary>Our host name as delivery reports show it: Reporting-MTA, and MAILER-DAEMON's domain.</summary>
    [Required(ErrorMessage = "write the host name of this server, such as mail.example.org.")]
    [RegularExpression("^[A-Za-z0-9]([A-Za-z0-9.-]{0,253}[A-Za-z0-9])?$", ErrorMessage = "write the host name of this server, such as mail.example.org.")]
    public string HostName { get; set; } = "localhost";

    /// <summary>Entries worked on at once. Group commit gathers what they write, so many cost little more than one.</summary>
    [Range(1, 4096)]
    public int Concurrency { get; set; } = 128;

    /// <summary>Entries leased in one go.</summary>
    [Range(1, 1024)]
    public int LeaseBatch { get; set; } = 64;

    /// <summary>Under load, how long a batch gathers before it is leased: it then shares its commits. A message after a quiet time does not wait.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:05")]
    public TimeSpan GatherTime { get; set; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Mailboxes of one entry written at once.</summary>
    [Range(1, 256)]
    public int MailboxConcurrency { get; set; } = 32;

    /// <summary>How long a worker that died keeps its entries; longer work extends its leases.</summary>
    [Range(typeof(TimeSpan), "00:00:05", "01:00:00")]
    public TimeSpan LeaseDuration { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>The queue is looked at this often even if the bell is silent.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan SweepInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>What runs at shutdown may take this long; then its leases are given back.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan ShutdownGrace { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The wait after the first attempt that failed for now; it doubles with each further one.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan FirstRetry { get; set; } = TimeSpan.FromSeconds(30);

    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan LongestRetry { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>Mail that could not be delivered for so long bounces (RFC 5321 §4.5.4.1: four to five days).</summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00")]
    public TimeSpan GiveUpAfter { get; set; } = TimeSpan.FromDays(5);

    /// <summary>A full mailbox has so long to become empty; then mail to it bounces with 5.2.2. Zero bounces at once.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00")]
    public TimeSpan OverQuotaRetry { get; set; } = TimeSpan.FromDays(1);

    /// <summary>An entry that fails this often in a way that we did not foresee is held for a person.</summary>
    [Range(1, 1000)]
    public int HoldAfterFaults { get; set; } = 10;

    /// <summary>Aliases behind aliases.</summary>
    [Range(1, 100)]
    public int AliasDepth { get; set; } = 20;

    /// <summary>Addresses that one recipient may stand for, all levels together.</summary>
    [Range(1, 100_000)]
    public int AliasFanOut { get; set; } = 1000;

    /// <summary>Mail to <c>user+tag</c> goes to the mailbox <c>tag</c> if the user has one; else, and by default, to INBOX.</summary>
    public bool DetailToMailbox { get; set; }

    [Range(typeof(TimeSpan), "00:00:10", "1.00:00:00")]
    public TimeSpan CollectInterval { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>A content younger than this may belong to mail that is still being accepted.</summary>
    [Range(typeof(TimeSpan), "00:10:00", "30.00:00:00")]
    public TimeSpan ContentGrace { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Delivery keys guard against a second copy; longer than any entry stays in the queue.</summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "365.00:00:00")]
    public TimeSpan KeepDeliveries { get; set; } = TimeSpan.FromDays(14);

    /// <summary>A client that was away for longer resynchronises in full (RFC 7162).</summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "3650.00:00:00")]
    public TimeSpan KeepTombstones { get; set; } = TimeSpan.FromDays(90);

    /// <summary>How long mail that the policy put into quarantine waits for a person; then it is discarded.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "3650.00:00:00")]
    public TimeSpan KeepQuarantined { get; set; } = TimeSpan.FromDays(30);

    /// <summary>Each account is told once a day which new messages for it are in quarantine.</summary>
    public bool Digest { get; set; } = true;

    /// <summary>When, as a time of the day (UTC).</summary>
    [Range(typeof(TimeSpan), "00:00:00", "23:59:59")]
    public TimeSpan DigestAt { get; set; } = TimeSpan.FromHours(6);

    [Range(typeof(TimeSpan), "1.00:00:00", "3650.00:00:00")]
    public TimeSpan KeepTimeline { get; set; } = TimeSpan.FromDays(30);

    /// <summary>How often the gauges of queue and ledger are read.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan LedgerInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>What becomes of addresses that do not exist, as their servers say in a report afterwards.</summary>
    [ValidateObjectMembers]
    public SuppressOptions Suppress { get; set; } = new();

    internal RetrySchedule Schedule => new(FirstRetry, LongestRetry, GiveUpAfter);

    internal QueueWorkerSettings ToWorkerSettings() => new()
    {
        Concurrency = Concurrency,
        LeaseBatch = LeaseBatch,
        GatherTime = GatherTime,
        LeaseDuration = LeaseDuration,
        SweepInterval = SweepInterval,
        ShutdownGrace = ShutdownGrace,
    };
}

[OptionsValidator]
internal sealed partial class DeliveryOptionsValidator : IValidateOptions<DeliveryOptions>;
