namespace Merpati.Storage;

/// <summary>
/// Tells a worker that the queue has something new (design §2). The queue is the truth, this is only the bell:
/// it rings after the entry is durable, a lost ring costs latency and never mail, and rings while nobody waits become one.
/// </summary>
public interface IQueueBell
{
    /// <summary>Never waits and never fails.</summary>
    void Ring(QueueRoute route);

    /// <summary>
    /// Returns at the next ring for the route, at once when it rang since the last wait ended, and at <paramref name="until"/> at the latest (null waits for a ring alone).
    /// One waiter a route.
    /// </summary>
    ValueTask WaitAsync(QueueRoute route, DateTimeOffset? until, CancellationToken cancellationToken);
}
