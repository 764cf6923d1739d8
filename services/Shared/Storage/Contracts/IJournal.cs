using Merpati.Queueing;
using Merpati.Timeline;

namespace Merpati.Storage;

/// <summary>The timeline of messages: append and query (design §3). Kept for a time, then forgotten.</summary>
public interface IJournal
{
    /// <summary>Appends in order, durable on return. <paramref name="subject"/> comes with the first events of a message.</summary>
    ValueTask AppendAsync(TimelineSubject? subject, IReadOnlyList<TimelineEvent> events, CancellationToken cancellationToken);

    /// <summary>All events of the message in order of time, then of arrival.</summary>
    ValueTask<IReadOnlyList<TimelineEvent>> ReadAsync(QueueId id, CancellationToken cancellationToken);

    ValueTask<TimelineSubject?> FindAsync(QueueId id, CancellationToken cancellationToken);

    /// <summary>Messages with this Message-ID (with or without brackets), sender or recipient address, newest first.</summary>
    ValueTask<IReadOnlyList<TimelineSubject>> SearchAsync(string messageIdOrAddress, int limit, CancellationToken cancellationToken);

    /// <summary>Forgets what is older; returns the number of messages.</summary>
    ValueTask<int> ForgetAsync(DateTimeOffset before, CancellationToken cancellationToken);
}
