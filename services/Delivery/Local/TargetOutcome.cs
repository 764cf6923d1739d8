using Merpati.Mailboxes;
using Merpati.Storage;

namespace Merpati.Delivery.Local;

/// <summary>The end of one try to reach one mailbox.</summary>
public abstract record TargetOutcome
{
    /// <summary>Mail system full (RFC 3463 §3.4).</summary>
    public const string NoRoom = "4.3.1";

    private TargetOutcome() { }

    /// <summary>In the mailbox.</summary>
    /// <param name="Mailbox">For people.</param>
    /// <param name="Replayed">It was there already: an earlier attempt put it in and did not live to say so.</param>
    public sealed record Delivered(string Mailbox, Appended Message, bool Replayed) : TargetOutcome;

    /// <summary>It goes on in an entry of its own, which is put into the queue when the recipient is closed.</summary>
    public sealed record Redirected(QueueEntry Entry) : TargetOutcome;

    /// <summary>Never. <paramref name="Status"/> is an enhanced status code (RFC 3463), 5.x.x.</summary>
    public sealed record Refused(string Status, string Reason) : TargetOutcome;

    /// <summary>Not now.</summary>
    /// <param name="GiveUpAt">When to stop trying if that is earlier than for other troubles, with the code that it then becomes.</param>
    public sealed record Postponed(string Status, string Reason, (DateTimeOffset At, string Status)? GiveUpAt) : TargetOutcome;

    /// <summary>Something that we did not foresee: a fault of ours, perhaps of this message alone.</summary>
    public sealed record Faulted(Exception Fault) : TargetOutcome;

    /// <summary>The stored octets are damaged; only a person can decide.</summary>
    public sealed record Damaged(string Detail) : TargetOutcome;

    /// <summary>What an exception from a store, the directory or the network means for the mail.</summary>
    public static TargetOutcome Of(Exception exception) => exception switch
    {
        ContentDamagedException damage => new Damaged(damage.Message),
        StoreFullException => new Postponed(NoRoom, "The mail system is full", null),
        // A store or the directory is away: an outage says nothing about the message.
        IOException or TimeoutException or OperationCanceledException => new Postponed("4.3.0", "The mail system has a temporary problem", null),
        _ => new Faulted(exception),
    };
}
