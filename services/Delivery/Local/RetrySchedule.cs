namespace Merpati.Delivery.Local;

/// <summary>When to try again: the wait doubles from attempt to attempt up to a limit, with jitter so that what failed together does not come back together.</summary>
public sealed class RetrySchedule(DeliveryOptions options)
{
    private const double Jitter = 0.2;

    /// <param name="attempt">1 for the first.</param>
    public DateTimeOffset NextAttempt(DateTimeOffset now, int attempt, DateTimeOffset acceptedAt)
    {
        // 2^30 times the shortest wait is far above any limit; more would overflow.
        var doublings = Math.Clamp(attempt - 1, 0, 30);
        var seconds = Math.Min(options.FirstRetry.TotalSeconds * Math.Pow(2, doublings), options.LongestRetry.TotalSeconds);
        var next = now + TimeSpan.FromSeconds(seconds * (1 - Jitter + 2 * Jitter * Random.Shared.NextDouble()));
        // The last attempt is when the time is up, not up to LongestRetry later.
        var end = acceptedAt + options.GiveUpAfter;
        return next > end && end > now ? end : next;
    }
}
