using AwesomeAssertions;
using Merpati.OutboundRelay.Queue;
using Merpati.TestKit.Stores;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Merpati.Tests.Unit.OutboundRelay.Queue;

/// <summary>Messages a minute, of all relays together.</summary>
public sealed class SharedRateTests
{
    private static readonly DateTimeOffset Noon = new(2027, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _time = new(Noon) { AutoAdvanceAmount = TimeSpan.Zero };
    private readonly InMemorySharedRecords _records;

    public SharedRateTests() => _records = new InMemorySharedRecords(_time);

    [Fact]
    public async Task What_comes_too_early_is_told_when_to_come_again_each_at_a_time_of_its_own()
    {
        using var rate = Relay(60);
        (await rate.TakeAsync(default)).Should().BeNull();
        var times = new List<DateTimeOffset>();
        for (var i = 0; i < 10; i++) times.Add((await rate.TakeAsync(default))!.Value);
        times.Should().OnlyHaveUniqueItems().And.BeInAscendingOrder();
        (times[^1] - times[0]).Should().Be(TimeSpan.FromSeconds(9));
        times[0].Should().Be(Noon.AddSeconds(1));
    }

    [Theory]
    [InlineData(6, 1)]
    [InlineData(60, 1)]
    [InlineData(6000, 1)]
    [InlineData(6, 3)]
    [InlineData(60, 3)]
    [InlineData(6000, 3)]
    public async Task In_two_minutes_there_are_two_minutes_worth_however_many_relays_send(int perMinute, int relays)
    {
        var rates = Enumerable.Range(0, relays).Select(_ => Relay(perMinute)).ToList();
        var step = TimeSpan.FromMinutes(1) / perMinute / 4;
        var taken = 0;
        for (; _time.GetUtcNow() < Noon.AddMinutes(2); _time.Advance(step))
        {
            foreach (var rate in rates)
            {
                if (await rate.TakeAsync(default) is null) taken++;
            }
        }
        taken.Should().BeInRange(perMinute * 2 * 9 / 10, (perMinute * 2) + (perMinute / 60) + 1);
        rates.ForEach(rate => rate.Dispose());
    }

    [Fact]
    public async Task Rates_of_others_are_no_matter()
    {
        using var one = Relay(60);
        using var other = Relay(60, "to other.test");
        (await one.TakeAsync(default)).Should().BeNull();
        (await other.TakeAsync(default)).Should().BeNull();
    }

    [Fact]
    public async Task A_clock_that_is_set_back_does_not_hold_anybody_up()
    {
        using var rate = Relay(60);
        _time.AdjustTime(Noon.AddDays(1));
        (await rate.TakeAsync(default)).Should().BeNull();
        _time.AdjustTime(Noon);
        (await rate.TakeAsync(default)).Should().BeNull();
        using var fresh = Relay(60);
        _time.Advance(TimeSpan.FromSeconds(1));
        (await fresh.TakeAsync(default)).Should().BeNull();
    }

    [Fact]
    public async Task A_clock_that_jumps_ahead_gives_no_more_than_a_burst()
    {
        using var rate = Relay(60);
        await rate.TakeAsync(default);
        _time.Advance(TimeSpan.FromDays(3650));
        (await rate.TakeAsync(default)).Should().BeNull();
        (await rate.TakeAsync(default)).Should().NotBeNull();
    }

    private SharedRate Relay(int perMinute, string key = "to remote.test") => new(_records, key, perMinute, _time);
}
