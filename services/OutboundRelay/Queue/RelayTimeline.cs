using System.Globalization;
using Merpati.OutboundRelay.Sending;
using Merpati.Storage;
using Merpati.Timeline;

namespace Merpati.OutboundRelay.Queue;

/// <summary>What an attempt adds to the timeline of its message, in the words of the servers.</summary>
internal static class RelayTimeline
{
    public static IReadOnlyList<TimelineEvent> Of(QueueEntry entry, IReadOnlyList<string> steps, IReadOnlyList<RelayVerdict> verdicts, QueueEntry? report, DateTimeOffset now, DateTimeOffset nextAttempt)
    {
        var events = new List<TimelineEvent>(steps.Count + verdicts.Count + 1);
        foreach (var step in steps) events.Add(new TimelineEvent(entry.Id, now, TimelineStep.Attempted, null, step));
        foreach (var verdict in verdicts)
        {
            var (step, detail) = verdict.State switch
            {
                RecipientState.Relayed => (TimelineStep.Relayed, $"{verdict.Fate.Host}: {verdict.Text}"),
                RecipientState.Bounced => (TimelineStep.Bounced, verdict.Text),
                RecipientState.Held => (TimelineStep.Held, verdict.Text),
                _ => (TimelineStep.Deferred, $"{verdict.Text}; next attempt at {nextAttempt.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture)}"),
            };
            if (verdict.Fate is Fate.Postponed { Uncertain: true }) detail += "; the server may have it already";
            events.Add(new TimelineEvent(entry.Id, now, step, verdict.Address.ToString(), detail));
        }
        if (report is not null) events.Add(new TimelineEvent(entry.Id, now, TimelineStep.Reported, null, report.Id.ToString()));
        return events;
    }

    /// <summary>An earlier attempt came as far as the end of the message and no further.</summary>
    public static string MayBeDouble(QueueRecipient recipient)
        => string.Create(CultureInfo.InvariantCulture, $"<{recipient.Recipient.Address}>: may be a double: at {recipient.Intent!.At:yyyy-MM-dd HH:mm:ss'Z'} the message was sent to {recipient.Intent.Host}, and nobody knows what it answered");
}
