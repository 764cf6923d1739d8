using Merpati.Queueing;
using Merpati.Storage;
using Merpati.Timeline;

namespace Merpati.TestKit.Stores;

/// <summary>The timeline in memory, for unit tests.</summary>
public sealed class InMemoryJournal : IJournal
{
    private readonly Lock _lock = new();
    private readonly List<TimelineEvent> _events = [];
    private readonly List<TimelineSubject> _subjects = [];

    /// <summary>Thrown by every append while set.</summary>
    public Exception? FailAppend { get; set; }

    /// <summary>Every append waits for it while set.</summary>
    public Task? HoldAppend { get; set; }

    public IReadOnlyList<TimelineEvent> Events
    {
        get { lock (_lock) return [.. _events]; }
    }

    public async ValueTask AppendAsync(TimelineSubject? subject, IReadOnlyList<TimelineEvent> events, CancellationToken cancellationToken)
    {
        if (FailAppend is { } exception) throw exception;
        if (HoldAppend is { } hold) await hold.WaitAsync(cancellationToken);
        lock (_lock)
        {
            if (subject is not null) _subjects.Add(subject);
            _events.AddRange(events);
        }
    }

    public ValueTask<IReadOnlyList<TimelineEvent>> ReadAsync(QueueId id, CancellationToken cancellationToken)
    {
        lock (_lock) return ValueTask.FromResult<IReadOnlyList<TimelineEvent>>([.. _events.Where(e => e.QueueId == id).OrderBy(e => e.At)]);
    }

    public ValueTask<TimelineSubject?> FindAsync(QueueId id, CancellationToken cancellationToken)
    {
        lock (_lock) return ValueTask.FromResult(_subjects.FirstOrDefault(s => s.QueueId == id));
    }

    public ValueTask<IReadOnlyList<TimelineSubject>> SearchAsync(string messageIdOrAddress, int limit, CancellationToken cancellationToken)
    {
        var word = messageIdOrAddress.Trim('<', '>');
        lock (_lock)
        {
            return ValueTask.FromResult<IReadOnlyList<TimelineSubject>>([.. _subjects
                .Where(s => s.MessageId == word || s.ReversePath.Trim('<', '>').Equals(word, StringComparison.OrdinalIgnoreCase) || s.Recipients.Contains(word, StringComparer.OrdinalIgnoreCase))
                .OrderByDescending(s => s.At).Take(limit)]);
        }
    }

    public ValueTask<IReadOnlyList<TimelineDecision>> DecisionsAsync(DateTimeOffset since, QueueId? after, int limit, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return ValueTask.FromResult<IReadOnlyList<TimelineDecision>>([.. _subjects
                .Where(s => s.Decision is not null && (s.At > since || (s.At == since && (after is null || s.QueueId.Value.CompareTo(after.Value.Value) > 0))))
                .OrderBy(s => s.At).ThenBy(s => s.QueueId.Value).Take(limit).Select(s => new TimelineDecision(s.QueueId, s.At, s.Decision!))]);
        }
    }

    public ValueTask<int> ForgetAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        lock (_lock) return ValueTask.FromResult(_subjects.RemoveAll(s => s.At < before));
    }
}
