using AwesomeAssertions;
using Merpati.Platform.Caching;
using Xunit;

namespace Merpati.Tests.Unit.Platform.Caching;

public sealed class BoundedCacheTests
{
    [Fact]
    public void It_never_holds_more_than_two_generations()
    {
        var cache = new BoundedCache<int, int>(100);
        for (var i = 0; i < 10_000; i++) cache.Put(i, i);
        cache.Count.Should().BeLessThanOrEqualTo(200);
        cache.TryGet(9_999, out var last).Should().BeTrue();
        last.Should().Be(9_999);
        cache.TryGet(0, out _).Should().BeFalse();
    }

    [Fact]
    public void What_is_used_stays_while_strangers_pass()
    {
        var cache = new BoundedCache<int, string>(100);
        cache.Put(-1, "ours");
        for (var i = 0; i < 10_000; i++)
        {
            cache.Put(i, "a stranger's");
            cache.TryGet(-1, out var ours).Should().BeTrue();
            ours.Should().Be("ours");
        }
    }

    [Fact]
    public void A_newer_value_wins_and_a_removed_one_is_gone()
    {
        var cache = new BoundedCache<string, int>(2);
        cache.Put("a", 1);
        cache.Put("b", 1); // a new generation begins
        cache.Put("a", 2);
        cache.TryGet("a", out var a).Should().BeTrue();
        a.Should().Be(2);
        cache.Remove("a");
        cache.TryGet("a", out _).Should().BeFalse();
    }

    [Fact]
    public async Task Many_at_once_do_not_break_it()
    {
        var cache = new BoundedCache<int, int>(50);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(() =>
        {
            for (var i = 0; i < 20_000; i++)
            {
                cache.Put((worker * 31 + i) % 500, i);
                cache.TryGet(i % 500, out _);
                if (i % 7 == 0) cache.Remove(i % 500);
            }
        })));
        cache.Count.Should().BeLessThan(1000);
    }
}
