using Merpati.Queueing;
using Merpati.Timeline;

namespace Merpati.Storage;

/// <summary>The timeline of messages: append and query (design §3). Kept for a time, then forgotten.</summary>
public interface IJournal
{
    /// <summary>
    /// Appends in order, durable on return. <paramref name="subject"/> comes with the first events of a message; the first one told of a message stays.
    /// Of <see cref="TimelineStep.Announced"/> and <see cref="TimelineStep.FirstFetched"/> only the first per message and recipient is kept, so callers need not remember what they told.
    /// </summary>
    ValueTask AppendAsync(TimelineSubject? subject, IReadOnlyList<TimelineEvent> events, CancellationToken cancellationToken);

    /// <summary>All events of the message in order of time, then of arrival.</summary>
    ValueTask<IReadOnlyList<TimelineEvent>> ReadAsync(QueueId id, CancellationToken cancellationToken);

    ValueTask<TimelineSubject?> FindAsync(QueueId id, CancellationToken cancellationToken);

    /// <summary>Messages with this Message-ID, sender or recipient address (with or without brackets, in any case), newest first.</summary>
    ValueTask<IReadOnlyList<TimelineSubject>> SearchAsync(string messageIdOrAddress, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// The decisions on messages of that time and later, in order of time, then of id. To go on, ask again with the time and the id of the last one.
    /// </summary>
    /// <param name="after">Of the messages of exactly that time only those with a greater id; null for all.</param>
    ValueTask<IReadOnlyList<TimelineDecision>> DecisionsAsync(DateTimeOffset since, QueueId? after, int limit, CancellationToken cancellationToken);

    /// <summary>Forgets the messages whose newest event is older, each as a whole; returns how many.</summary>
    ValueTask<int> ForgetAsync(DateTimeOffset before, CancellationToken cancellationToken);
}
