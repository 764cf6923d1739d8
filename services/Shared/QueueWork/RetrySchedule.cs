namespace Merpati.QueueWork;

/// <summary>When to try again: the wait doubles from attempt to attempt up to a limit, with jitter so that what failed together does not come back together.</summary>
/// <param name="First">The wait after the first attempt.</param>
/// <param name="Longest">No wait is longer, but for the jitter.</param>
/// <param name="GiveUpAfter">Since acceptance; from then on the mail bounces (RFC 5321 §4.5.4.1: four to five days).</param>
public sealed record RetrySchedule(TimeSpan First, TimeSpan Longest, TimeSpan GiveUpAfter)
{
    private const double Jitter = 0.2;

    /// <param name="attempt">1 for the first.</param>
    public DateTimeOffset NextAttempt(DateTimeOffset now, int attempt, DateTimeOffset acceptedAt)
    {
        // 2^30 times the shortest wait is far above any limit; more would overflow.
        var doublings = Math.Clamp(attempt - 1, 0, 30);
        var seconds = Math.Min(First.TotalSeconds * Math.Pow(2, doublings), Longest.TotalSeconds);
        var next = now + TimeSpan.FromSeconds(seconds * (1 - Jitter + 2 * Jitter * Random.Shared.NextDouble()));
        // The last attempt is when the time is up, not up to Longest later.
        var end = acceptedAt + GiveUpAfter;
        return next > end && end > now ? end : next;
    }
}
