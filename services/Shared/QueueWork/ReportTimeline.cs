using Merpati.Queueing;
using Merpati.Storage;
using Merpati.Timeline;

namespace Merpati.QueueWork;

/// <summary>The beginning of a report's timeline: it is a message too.</summary>
public static class ReportTimeline
{
    public static IReadOnlyList<TimelineEvent> Of(QueueId about, QueueEntry report) =>
    [
        new(report.Id, report.AcceptedAt, TimelineStep.Accepted, null, $"delivery report about {about}"),
        new(report.Id, report.AcceptedAt, TimelineStep.Queued, report.Recipients[0].Recipient.Address.ToString(), report.Route == QueueRoute.Local ? "for local delivery" : "for the relay"),
    ];

    public static TimelineSubject SubjectOf(QueueEntry report, string messageId)
        => new(report.Id, report.AcceptedAt, messageId, report.ReversePath.ToString(), [.. report.Recipients.Select(r => r.Recipient.Address.ToString())], report.Size, null);
}
