using AwesomeAssertions;
using Merpati.OutboundRelay.Queue;
using Xunit;

namespace Merpati.Tests.Unit.OutboundRelay.Queue;

/// <summary>Messages a minute.</summary>
public sealed class MessageRateTests
{
    private static readonly DateTimeOffset Noon = new(2027, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void What_comes_too_early_is_told_when_to_come_again_each_at_a_time_of_its_own()
    {
        var rate = new MessageRate(60);
        rate.Take(Noon).Should().BeNull();
        var times = Enumerable.Range(0, 10).Select(_ => rate.Take(Noon)!.Value).ToList();
        times.Should().OnlyHaveUniqueItems().And.BeInAscendingOrder();
        (times[^1] - times[0]).Should().Be(TimeSpan.FromSeconds(9));
        times[0].Should().BeOnOrAfter(Noon.AddSeconds(1));
    }

    [Theory]
    [InlineData(6)]
    [InlineData(60)]
    [InlineData(6000)]
    public void In_ten_minutes_there_are_ten_minutes_worth(int perMinute)
    {
        var rate = new MessageRate(perMinute);
        var step = TimeSpan.FromMinutes(1) / perMinute / 4;
        var taken = 0;
        for (var now = Noon; now < Noon.AddMinutes(10); now += step)
        {
            if (rate.Take(now) is null) taken++;
        }
        taken.Should().BeInRange(perMinute * 10 * 9 / 10, (perMinute * 10) + (perMinute / 60) + 1);
    }

    [Fact]
    public void A_clock_that_is_set_back_does_not_hold_anybody_up()
    {
        var rate = new MessageRate(60);
        rate.Take(Noon.AddDays(1));
        rate.Take(Noon).Should().BeNull();
    }
}
