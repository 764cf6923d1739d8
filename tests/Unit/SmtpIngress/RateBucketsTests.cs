using AwesomeAssertions;
using Merpati.SmtpIngress.Door;
using Merpati.Storage;
using Merpati.TestKit.Stores;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Merpati.Tests.Unit.SmtpIngress;

public sealed class RateBucketsTests
{
    private static readonly RateKey Key = new("messages", "192.0.2.1");

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 29, 12, 0, 0, TimeSpan.Zero));
    private readonly RateBuckets _buckets;
    private readonly InMemorySharedRecords _records;

    public RateBucketsTests()
    {
        _buckets = new RateBuckets(_time);
        _records = new InMemorySharedRecords(_time);
    }

    [Fact]
    public void A_bucket_fills_up_again_and_never_beyond_its_measure()
    {
        var limit = new RateLimit(2, TimeSpan.FromMinutes(1));
        Take(1).Should().BeNull();
        Take(1).Should().BeNull();
        Take(1).Should().Be(TimeSpan.FromSeconds(30));
        Take(0).Should().Be(TimeSpan.FromSeconds(30), "there is none");
        _time.Advance(TimeSpan.FromHours(1));
        Take(0).Should().BeNull("asking takes none");
        Take(2).Should().BeNull();
        Take(1).Should().NotBeNull();
        _time.Advance(TimeSpan.FromHours(1));
        Take(5).Should().BeNull("more than it holds is paid by all that it has");
        Take(1).Should().NotBeNull();

        TimeSpan? Take(long tokens) => _buckets.Take(Key, limit, tokens);
    }

    [Fact]
    public void What_has_happened_empties_the_bucket()
    {
        var limit = new RateLimit(100, TimeSpan.FromMinutes(1));
        _buckets.Take(Key, limit, 60).Should().BeNull();
        _buckets.Take(Key, limit, 60, isOver: true).Should().BeNull();
        _buckets.Take(Key, limit, 1).Should().NotBeNull();
    }

    [Fact]
    public async Task Processes_count_together()
    {
        var limit = new RateLimit(10, TimeSpan.FromMinutes(1));
        var other = new RateBuckets(_time);
        _buckets.Take(Key, limit, 6).Should().BeNull();
        other.Take(Key, limit, 3).Should().BeNull();
        await _buckets.ShareAsync(_records, default);
        await other.ShareAsync(_records, default);
        other.Take(Key, limit, 2).Should().NotBeNull("9 of 10 are gone");
        other.Take(Key, limit, 1).Should().BeNull();
        await other.ShareAsync(_records, default);
        _buckets.Take(Key, limit, 1).Should().BeNull("it has not looked since");
        await _buckets.ShareAsync(_records, default);
        _buckets.Take(Key, limit, 1).Should().NotBeNull();
        _time.Advance(TimeSpan.FromMinutes(1));
        _buckets.Take(Key, limit, 10).Should().BeNull();
    }

    [Fact]
    public async Task What_is_taken_while_it_is_shared_is_not_forgotten()
    {
        var limit = new RateLimit(10, TimeSpan.FromMinutes(1));
        _buckets.Take(Key, limit, 5);
        await _buckets.ShareAsync(new WhileAsking(_records, () => _buckets.Take(Key, limit, 3)), default);
        _buckets.Take(Key, limit, 3).Should().NotBeNull("8 of 10 are gone");
        _buckets.Take(Key, limit, 2).Should().BeNull();
    }

    [Fact]
    public async Task Who_takes_little_is_not_worth_a_record()
    {
        _buckets.Take(Key, new RateLimit(100, TimeSpan.FromMinutes(1)), 9);
        await _buckets.ShareAsync(_records, default);
        (await _records.ListAsync(RateBuckets.Kind, null, 10, default)).Should().BeEmpty();
    }

    [Fact]
    public void A_clock_that_was_set_back_does_not_close_the_door_for_long()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2027, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var clock = new SetBack(time);
        var buckets = new RateBuckets(clock);
        var limit = new RateLimit(1, TimeSpan.FromMinutes(1));
        buckets.Take(Key, limit, 1).Should().BeNull();
        clock.Back = TimeSpan.FromDays(1);
        buckets.Take(Key, limit, 1).Should().Be(TimeSpan.FromMinutes(1));
    }

    private sealed class SetBack(TimeProvider time) : TimeProvider
    {
        public TimeSpan Back { get; set; }

        public override DateTimeOffset GetUtcNow() => time.GetUtcNow() - Back;
    }

    /// <summary>Somebody comes while the store is asked.</summary>
    private sealed class WhileAsking(InMemorySharedRecords records, Action meanwhile) : ISharedRecords
    {
        public ValueTask<SharedRecord?> FindAsync(string kind, string key, CancellationToken cancellationToken) => records.FindAsync(kind, key, cancellationToken);

        public ValueTask<IReadOnlyList<SharedRecord>> ListAsync(string kind, string? after, int limit, CancellationToken cancellationToken) => records.ListAsync(kind, after, limit, cancellationToken);

        public ValueTask<bool> TryPutAsync(SharedRecord record, CancellationToken cancellationToken)
        {
            meanwhile();
            return records.TryPutAsync(record, cancellationToken);
        }

        public ValueTask PutAsync(IReadOnlyList<SharedRecord> all, CancellationToken cancellationToken) => records.PutAsync(all, cancellationToken);

        public ValueTask RemoveAsync(string kind, IReadOnlyList<string> keys, CancellationToken cancellationToken) => records.RemoveAsync(kind, keys, cancellationToken);

        public ValueTask<long> RemoveExpiredAsync(CancellationToken cancellationToken) => records.RemoveExpiredAsync(cancellationToken);
    }
}
