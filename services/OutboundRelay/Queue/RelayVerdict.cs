using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.Mail;
using Merpati.OutboundRelay.Sending;
using Merpati.Storage;

namespace Merpati.OutboundRelay.Queue;

/// <summary>What an attempt means for one recipient.</summary>
/// <param name="Text">The last word: a server's whole reply, or our own in the same form.</param>
/// <param name="Outcome">For a report; whether the sender wants to hear of it is not asked here. Null where there is nothing to tell.</param>
internal sealed record RelayVerdict(QueueRecipient Recipient, RecipientState State, Fate Fate, string Text, ReportedRecipient? Outcome)
{
    public EmailAddress Address => Recipient.Recipient.Address;

    public RecipientResult Result => new(Address, State, Text)
    {
        DelayReported = Outcome?.Action == DsnAction.Delayed,
        IntentStays = State == RecipientState.Queued && Fate is Fate.Postponed { Uncertain: true },
    };
}

/// <summary>Makes verdicts: what is postponed for too long is refused, what is late is told once.</summary>
internal sealed class RelayVerdicts(RelaySchedules schedules)
{
    public RelayVerdict Of(QueueEntry entry, QueueRecipient recipient, Fate fate, DateTimeOffset now)
    {
        if (fate is Fate.Postponed late && Expired(entry, now) is { } why) fate = new Fate.Refused("5.4.7", $"550 5.4.7 {why}; the last word was: {late.Text}") { Host = late.Host };
        return fate switch
        {
            Fate.Relayed relayed => new RelayVerdict(recipient, RecipientState.Relayed, fate, relayed.Text, RelayedReport(entry, recipient, relayed)),
            Fate.Refused refused => new RelayVerdict(recipient, RecipientState.Bounced, fate, refused.Text, Report(recipient, fate, DsnAction.Failed)),
            Fate.Postponed postponed => new RelayVerdict(recipient, RecipientState.Queued, fate, postponed.Text, DelayReport(entry, recipient, postponed, now)),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    /// <summary>Why it is not tried any more; null if it is.</summary>
    public string? Expired(QueueEntry entry, DateTimeOffset now)
    {
        if (entry.DeliverBy is { Mode: DeliverByMode.Return } by && now >= by.At) return "The time within which the sender wants it delivered or returned is over (RFC 2852)";
        return schedules.IsOver(entry, now) ? "It could not be delivered in the time that we try for" : null;
    }

    /// <summary>
    /// The next hop has it. If it reports by itself where that was asked for, we are silent; else we say that we passed it on (RFC 3461 §5.2.2), and where the message leaves those who know of
    /// BY, if its trace is wanted (RFC 2852 §4).
    /// </summary>
    private static ReportedRecipient? RelayedReport(QueueEntry entry, QueueRecipient recipient, Fate.Relayed fate)
    {
        var traced = entry.DeliverBy is { Trace: true } && !fate.Capabilities.DeliverBy;
        if (fate.Capabilities.Dsn && !traced) return null;
        return Report(recipient, fate, DsnAction.Relayed) with { AskedOtherwise = traced };
    }

    private ReportedRecipient? DelayReport(QueueEntry entry, QueueRecipient recipient, Fate.Postponed fate, DateTimeOffset now)
    {
        if (recipient.DelayReported) return null;
        // BY in mode N asks for the report by itself (RFC 2852 §4).
        var byTime = entry.DeliverBy is { Mode: DeliverByMode.Notify } by && now >= by.At;
        if (!byTime && !(schedules.DelayReportAt(entry) <= now)) return null;
        return Report(recipient, fate, DsnAction.Delayed) with { WillRetryUntil = schedules.EndOf(entry), AskedOtherwise = byTime };
    }

    private static ReportedRecipient Report(QueueRecipient recipient, Fate fate, DsnAction action) => new()
    {
        Recipient = recipient.Recipient,
        Action = action,
        Status = fate.Status,
        Diagnostic = fate.Text,
        RemoteMta = fate.Host,
    };
}
