using System.Collections.Concurrent;
using System.Text;
using Merpati.Platform.Caching;
using Merpati.Platform.Sharing;
using Merpati.Storage;

namespace Merpati.SmtpIngress.Door;

/// <summary>Whose bucket it is, of which rule.</summary>
/// <param name="Rule">A name for the rule, with its measure.</param>
internal readonly record struct RateKey(string Rule, string Whose);

/// <summary>A bucket that holds <paramref name="Tokens"/>, is full at first and fills up in <paramref name="Per"/>.</summary>
internal readonly record struct RateLimit(long Tokens, TimeSpan Per);

/// <summary>
/// Token buckets, as many as strangers can make us remember. Each process decides at once, by what it knows; a bucket out of which a tenth was taken here is brought together with those of the other processes
/// within a second. So nobody waits for the store, ordinary clients never touch it, and who comes to all processes at once gets a tenth more of each of them.
/// A bucket is the moment at which it will be full again (the generic cell rate algorithm, ITU-T I.371).
/// </summary>
internal sealed class RateBuckets(TimeProvider time) : ISharedCounts
{
    public const string Kind = "door";

    private const int Capacity = 100_000;
    private const double SharedFrom = 0.1;

    private readonly BoundedCache<RateKey, Bucket> _buckets = new(Capacity);
    private readonly ConcurrentDictionary<RateKey, Bucket> _news = new();

    /// <summary>Takes so many tokens, all or none; 0 takes none and asks whether there is one.</summary>
    /// <param name="isOver">It has happened: what is missing cannot be refused, and the bucket is empty then.</param>
    /// <returns>Null when they were there; else how long until they will be.</returns>
    public TimeSpan? Take(RateKey key, RateLimit limit, long tokens, bool isOver = false)
    {
        var now = time.GetUtcNow();
        if (!_buckets.TryGet(key, out var bucket))
        {
            // Two first calls at once may each bring their own: one of them is not counted, no more.
            bucket = new Bucket(limit.Per, now);
            _buckets.Put(key, bucket);
        }
        var wait = bucket.Take(limit, tokens, isOver, now);
        if (bucket.News >= limit.Per * SharedFrom && _news.Count < Capacity) _news.TryAdd(key, bucket);
        return wait;
    }

    public async ValueTask ShareAsync(ISharedRecords records, CancellationToken cancellationToken)
    {
        foreach (var (key, bucket) in _news)
        {
            var taken = bucket.News;
            var fullAt = DateTimeOffset.MinValue;
            var isShared = await records.ChangeAsync(Kind, $"{key.Rule} {key.Whose}", there =>
            {
                var now = time.GetUtcNow();
                fullAt = bucket.Join(there is null ? now : RecordedTime.Read(Encoding.ASCII.GetString(there.Value.Span)) ?? now, taken, now);
                return new SharedRecord(Kind, $"{key.Rule} {key.Whose}", Encoding.ASCII.GetBytes(RecordedTime.Write(fullAt)), fullAt.AddSeconds(1));
            }, cancellationToken);
            if (!isShared) continue; // the next time
            _news.TryRemove(key, out _);
            bucket.Shared(fullAt, taken);
        }
    }

    private sealed class Bucket(TimeSpan per, DateTimeOffset fullAt)
    {
        private readonly Lock _turn = new();
        private DateTimeOffset _fullAt = fullAt;
        private TimeSpan _news;

        /// <summary>What was taken here and is not shared, as the time in which it fills up again.</summary>
        public TimeSpan News
        {
            get { lock (_turn) return _news; }
        }

        public TimeSpan? Take(RateLimit limit, long wanted, bool isOver, DateTimeOffset now)
        {
            lock (_turn)
            {
                _fullAt = Within(_fullAt, now);
                var room = limit.Per - (_fullAt - now);
                var missing = Cost(Math.Max(wanted, 1)) - room;
                // What a bucket can never hold at once is paid for by all that it has.
                if (missing > TimeSpan.Zero && !isOver && !(wanted > limit.Tokens && room >= limit.Per)) return missing;
                var cost = Cost(wanted);
                _fullAt = Within(_fullAt + cost, now);
                _news += cost;
                return null;
            }

            TimeSpan Cost(long tokens) => tokens >= limit.Tokens ? limit.Per : limit.Per * ((double)tokens / limit.Tokens);
        }

        /// <summary>When it is full again if this is taken out of what all share.</summary>
        public DateTimeOffset Join(DateTimeOffset shared, TimeSpan taken, DateTimeOffset now) => Within(Within(shared, now) + taken, now);

        /// <summary>What all share stands in the store; what was taken here meanwhile is added.</summary>
        public void Shared(DateTimeOffset fullAt, TimeSpan taken)
        {
            lock (_turn)
            {
                _news -= taken;
                _fullAt = fullAt + _news;
            }
        }

        /// <summary>Neither fuller than full nor emptier than empty: a clock that was set back must not close the door for as long as it was ahead.</summary>
        private DateTimeOffset Within(DateTimeOffset fullAt, DateTimeOffset now) => fullAt < now ? now : fullAt > now + per ? now + per : fullAt;
    }
}
