using System.Globalization;
using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.Mail;
using Merpati.Storage;

namespace Merpati.Delivery.Local;

/// <summary>What became of one envelope recipient in an attempt.</summary>
/// <param name="Outcomes">Of every mailbox and dead end that it led to.</param>
/// <param name="Status">Enhanced status code (RFC 3463).</param>
/// <param name="Reason">For the sender: no addresses behind an alias, no internals.</param>
/// <param name="Detail">For the administrator: the last word in queue and timeline.</param>
internal sealed record Verdict(QueueRecipient Recipient, IReadOnlyList<(EmailAddress Address, TargetOutcome Outcome)> Outcomes, RecipientState State, string Status, string Reason, string Detail)
{
    public EmailAddress Address => Recipient.Recipient.Address;

    /// <summary>Our disk is full. That says nothing about the message and ends for all mail at once: however often it was tried, the wait stays short.</summary>
    public bool WaitsForRoom => State == RecipientState.Queued && Status == TargetOutcome.NoRoom;

    /// <summary>What a report to the sender says of it; null while it is open.</summary>
    public ReportedRecipient? Outcome => State switch
    {
        RecipientState.Bounced => new ReportedRecipient { Recipient = Recipient.Recipient, Action = DsnAction.Failed, Status = Status, Diagnostic = $"550 {Status} {Reason}" },
        RecipientState.Delivered => new ReportedRecipient { Recipient = Recipient.Recipient, Action = DsnAction.Delivered, Status = Status },
        RecipientState.Queued when RetriedUntil is { } end => new ReportedRecipient { Recipient = Recipient.Recipient, Action = DsnAction.Delayed, Status = Status, Diagnostic = $"450 {Status} {Reason}", WillRetryUntil = end, AskedOtherwise = true },
        // Of one that stands for a single address the report comes from where the message goes (RFC 3461 §5.2.7.2).
        RecipientState.Relayed when Outcomes.Count > 1 => new ReportedRecipient { Recipient = Recipient.Recipient, Action = DsnAction.Expanded, Status = Status },
        _ => null,
    };

    /// <summary>The entries by which the message goes on; they count when the recipient is closed.</summary>
    public IReadOnlyList<QueueEntry> Redirects { get; init; } = [];

    public bool IsClosed => State is not (RecipientState.Queued or RecipientState.Held);

    public RecipientResult Result => new(Address, State, Detail) { DelayReported = Outcome?.Action == DsnAction.Delayed };

    /// <summary>The time of BY in mode N is over, and the sender is to be told (RFC 2852 §4); until when it is tried. Null where that was done, or was not asked for.</summary>
    public DateTimeOffset? RetriedUntil { get; init; }

    /// <summary>
    /// A recipient is closed when all that it led to is settled. Damage holds it; what is postponed keeps it open, and what was delivered already is not delivered again;
    /// one refusal among settled ones makes it bounced, as the sender has to know.
    /// </summary>
    public static Verdict Of(QueueRecipient recipient, IReadOnlyList<(EmailAddress Address, TargetOutcome Outcome)> outcomes, int attempt, DateTimeOffset acceptedAt, DeliverBy? by, DateTimeOffset now, DeliveryOptions options)
    {
        var settled = outcomes.Select(o => (o.Address, Outcome: Settle(o.Outcome, attempt, acceptedAt, by, now, options))).ToList();
        foreach (var (address, outcome) in settled)
        {
            if (outcome is TargetOutcome.Damaged damage)
                return new Verdict(recipient, settled, RecipientState.Held, "4.3.0", "The message is damaged", $"4.3.0 {damage.Detail}");
        }
        foreach (var (address, outcome) in settled)
        {
            if (outcome is TargetOutcome.Postponed later)
                return new Verdict(recipient, settled, RecipientState.Queued, later.Status, later.Reason, $"{later.Status} {address}: {later.Reason}")
                {
                    RetriedUntil = by is { Mode: DeliverByMode.Notify } && now >= by.At && !recipient.DelayReported ? acceptedAt + options.GiveUpAfter : null,
                };
        }
        foreach (var (address, outcome) in settled)
        {
            if (outcome is TargetOutcome.Faulted faulted)
                return new Verdict(recipient, settled, RecipientState.Held, "4.3.0", "The mail system has a problem with this message", $"4.3.0 {address}: {faulted.Fault.GetType().Name} in attempt {attempt.ToString(CultureInfo.InvariantCulture)}");
        }
        foreach (var (address, outcome) in settled)
        {
            if (outcome is TargetOutcome.Refused refused)
                return new Verdict(recipient, settled, RecipientState.Bounced, refused.Status, ReasonOf(recipient, settled, address, refused), $"{refused.Status} {address}: {refused.Reason}");
        }
        return settled.Exists(o => o.Outcome is TargetOutcome.Redirected)
            ? new Verdict(recipient, settled, RecipientState.Relayed, "2.0.0", "Redirected", RedirectedTo(recipient, settled))
            : new Verdict(recipient, settled, RecipientState.Delivered, "2.0.0", "Delivered", DeliveredTo(settled));
    }

    /// <summary>A postponement becomes a refusal when its time is up, a fault becomes a postponement while there are attempts left.</summary>
    private static TargetOutcome Settle(TargetOutcome outcome, int attempt, DateTimeOffset acceptedAt, DeliverBy? by, DateTimeOffset now, DeliveryOptions options)
    {
        if (outcome is TargetOutcome.Faulted fault)
        {
            if (attempt >= options.HoldAfterFaults) return outcome;
            return new TargetOutcome.Postponed("4.3.0", $"The mail system has a temporary problem ({fault.Fault.GetType().Name})", null);
        }
        if (outcome is not TargetOutcome.Postponed later) return outcome;
        if (by is { Mode: DeliverByMode.Return } && now >= by.At) return TooLate(later.Reason);
        if (later.GiveUpAt is { } early && now >= early.At) return new TargetOutcome.Refused(early.Status, later.Reason);
        return now >= acceptedAt + options.GiveUpAfter
            ? new TargetOutcome.Refused("5.4.7", $"Delivery time expired: {later.Reason}")
            : later;
    }

    /// <summary>RFC 2852 §4: what could not be delivered by then comes back.</summary>
    public static TargetOutcome.Refused TooLate(string? lastWord)
        => new("5.4.7", $"The time within which the sender wants it delivered or returned is over (RFC 2852){(lastWord is null ? "" : $"; the last word was: {lastWord}")}");

    private static string ReasonOf(QueueRecipient recipient, List<(EmailAddress Address, TargetOutcome Outcome)> settled, EmailAddress failed, TargetOutcome.Refused refused)
        => settled.Count == 1 || failed.Equals(recipient.Recipient.Address)
            ? refused.Reason
            : $"Not all members could be reached: {refused.Reason}";

    private static string RedirectedTo(QueueRecipient recipient, List<(EmailAddress Address, TargetOutcome Outcome)> settled)
        => settled is [(var address, _)] ? address.Equals(recipient.Recipient.Address) ? "2.0.0 goes on to the relay" : $"2.0.0 redirected to {address}" : string.Create(CultureInfo.InvariantCulture, $"2.0.0 redirected to {settled.Count} addresses");

    private static string DeliveredTo(List<(EmailAddress Address, TargetOutcome Outcome)> settled)
        => settled is [(var address, TargetOutcome.Delivered only)]
            ? $"2.0.0 in {only.Mailbox} of {address}, UID {only.Message.Uid}"
            : string.Create(CultureInfo.InvariantCulture, $"2.0.0 in {settled.Count} mailboxes");
}
