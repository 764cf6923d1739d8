using System.Globalization;
using Merpati.Addresses;
using Merpati.Delivery.Routing;
using Merpati.Queueing;
using Merpati.Storage;
using Merpati.Timeline;

namespace Merpati.Delivery.Local;

/// <summary>What an attempt adds to the timeline of its message, for a person to read.</summary>
internal static class AttemptTimeline
{
    /// <summary>Members of a list that are shown by name.</summary>
    private const int MaxMembers = 20;

    /// <param name="expansions">In the order of the verdicts; empty when the attempt did not come that far.</param>
    public static IReadOnlyList<TimelineEvent> Of(QueueEntry entry, IReadOnlyList<RecipientExpansion> expansions, IReadOnlyList<Verdict> verdicts, QueueEntry? report, DateTimeOffset now, DateTimeOffset nextAttempt)
    {
        var events = new List<TimelineEvent>(verdicts.Count + 1);
        for (var i = 0; i < verdicts.Count; i++)
        {
            var verdict = verdicts[i];
            var recipient = verdict.Address.ToString();
            // The way through the aliases is told once, unless it ended somewhere new.
            if (i < expansions.Count && (entry.Attempts <= 1 || verdict.State != RecipientState.Queued))
            {
                foreach (var step in expansions[i].Steps) events.Add(new TimelineEvent(entry.Id, now, TimelineStep.Expanded, recipient, Describe(step)));
            }
            foreach (var (address, outcome) in verdict.Outcomes)
            {
                // A copy that an earlier attempt delivered is told again only when that ends the recipient: a crash may have kept the first telling from being written.
                if (outcome is TargetOutcome.Delivered copy && (!copy.Replayed || verdict.State != RecipientState.Queued))
                    events.Add(new TimelineEvent(entry.Id, now, TimelineStep.Delivered, recipient, $"{copy.Mailbox} of {address}, UID {copy.Message.Uid}"));
                if (outcome is TargetOutcome.Redirected { Entry: var redirect } && verdict.IsClosed)
                    events.Add(new TimelineEvent(entry.Id, now, TimelineStep.Queued, recipient, $"{Waits(redirect)} as {redirect.Id}, to {address}"));
            }
            if (Last(verdict, nextAttempt) is var (kind, detail)) events.Add(new TimelineEvent(entry.Id, now, kind, recipient, detail));
        }
        if (report is not null) events.Add(new TimelineEvent(entry.Id, now, TimelineStep.Reported, null, report.Id.ToString()));
        return events;
    }

    /// <summary>A redirect is an entry with a timeline of its own, which says where it comes from. What was held on its way to others goes on as a part of the message, redirected by nobody.</summary>
    public static IReadOnlyList<TimelineEvent> OfRedirect(QueueEntry from, EmailAddress recipient, QueueEntry redirect, DateTimeOffset now) =>
    [
        new(redirect.Id, now, TimelineStep.Accepted, null, Redirects.IsItself(recipient, redirect) ? $"goes on as a part of {from.Id}" : $"redirected by {recipient}, a recipient of {from.Id}"),
        new(redirect.Id, now, TimelineStep.Queued, null, Waits(redirect)),
    ];

    private static string Waits(QueueEntry entry) => entry.Route == QueueRoute.Relay ? $"for relay to {entry.Destination}" : "for local delivery";

    private static (TimelineStep, string)? Last(Verdict verdict, DateTimeOffset nextAttempt) => verdict.State switch
    {
        RecipientState.Queued => (TimelineStep.Deferred, $"{verdict.Detail}; next attempt at {nextAttempt.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture)}"),
        RecipientState.Bounced => (TimelineStep.Bounced, verdict.Detail),
        RecipientState.Held => (TimelineStep.Held, verdict.Detail),
        _ => null,
    };

    private static string Describe(AliasStep step)
    {
        var shown = string.Join(", ", step.To.Take(MaxMembers));
        return step.To.Count <= MaxMembers
            ? $"{step.From} to {shown}"
            : string.Create(CultureInfo.InvariantCulture, $"{step.From} to {shown} and {step.To.Count - MaxMembers} more");
    }
}
