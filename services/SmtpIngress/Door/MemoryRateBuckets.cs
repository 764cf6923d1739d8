using Merpati.Platform.Caching;

namespace Merpati.SmtpIngress.Door;

/// <summary>Buckets of this process, as many as strangers can make it remember.</summary>
internal sealed class MemoryRateBuckets(TimeProvider time) : IRateBuckets
{
    private const int Capacity = 100_000;

    private readonly BoundedCache<RateKey, Bucket> _buckets = new(Capacity);

    public ValueTask<TimeSpan?> TakeAsync(RateKey key, RateLimit limit, int tokens, CancellationToken cancellationToken)
    {
        if (!_buckets.TryGet(key, out var bucket))
        {
            // Two first calls at once may each bring their own: one of them is not counted, no more.
            bucket = new Bucket(limit.Tokens, time.GetTimestamp());
            _buckets.Put(key, bucket);
        }
        return ValueTask.FromResult(bucket.Take(limit, tokens, time));
    }

    private sealed class Bucket(double tokens, long filledAt)
    {
        private readonly Lock _turn = new();
        private double _tokens = tokens;
        private long _filledAt = filledAt;

        public TimeSpan? Take(RateLimit limit, int wanted, TimeProvider time)
        {
            lock (_turn)
            {
                var now = time.GetTimestamp();
                _tokens = Math.Min(limit.Tokens, _tokens + (limit.Tokens * (time.GetElapsedTime(_filledAt, now) / limit.Per)));
                _filledAt = now;
                var missing = Math.Max(wanted, 1) - _tokens;
                // What a bucket can never hold at once is paid for by all that it has.
                if (missing > 0 && !(wanted > limit.Tokens && _tokens >= limit.Tokens)) return limit.Per * (missing / limit.Tokens);
                _tokens = Math.Max(0, _tokens - wanted);
                return null;
            }
        }
    }
}
