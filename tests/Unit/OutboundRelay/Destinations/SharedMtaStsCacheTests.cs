using AwesomeAssertions;
using Merpati.Mail.Dns;
using Merpati.OutboundRelay.Destinations;
using Merpati.TestKit.Stores;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Merpati.Tests.Unit.OutboundRelay.Destinations;

/// <summary>MTA-STS policies that all relays know (RFC 8461 §5.1, §10.2).</summary>
public sealed class SharedMtaStsCacheTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2027, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly InMemorySharedRecords _records;

    public SharedMtaStsCacheTests() => _records = new InMemorySharedRecords(_time);

    [Fact]
    public async Task A_policy_that_one_relay_fetched_holds_for_another_and_after_a_restart()
    {
        await Relay().PutAsync(Policy("remote.test", maxAge: 86400), default);
        var read = await Relay().GetAsync("remote.test", default);
        read.Should().BeEquivalentTo(Policy("remote.test", maxAge: 86400));
        read!.Policy.Matches("mx.remote.test").Should().BeTrue();
    }

    [Fact]
    public async Task It_ends_with_its_age_also_where_it_was_just_read()
    {
        var relay = Relay();
        await relay.PutAsync(Policy("remote.test", maxAge: 100), default);
        _time.Advance(TimeSpan.FromSeconds(99));
        (await relay.GetAsync("remote.test", default)).Should().NotBeNull();
        _time.Advance(TimeSpan.FromSeconds(1));
        (await relay.GetAsync("remote.test", default)).Should().BeNull();
        (await Relay().GetAsync("remote.test", default)).Should().BeNull();
    }

    [Fact]
    public async Task What_another_relay_fetched_meanwhile_is_known_within_a_minute()
    {
        var (one, other) = (Relay(), Relay());
        (await one.GetAsync("remote.test", default)).Should().BeNull();
        await other.PutAsync(Policy("remote.test", maxAge: 86400), default);
        _time.Advance(TimeSpan.FromMinutes(1));
        (await one.GetAsync("remote.test", default)).Should().NotBeNull();
    }

    [Fact]
    public async Task The_old_ones_are_found_however_many_they_are()
    {
        for (var i = 0; i < 1100; i++) await Relay().PutAsync(Policy($"d{i}.test", maxAge: 864000), default);
        _time.Advance(TimeSpan.FromDays(1));
        await Relay().PutAsync(Policy("fresh.test", maxAge: 864000), default);
        (await Relay().FetchedBeforeAsync(_time.GetUtcNow(), default)).Should().HaveCount(1100).And.NotContain(policy => policy.Domain == "fresh.test");
    }

    [Fact]
    public async Task What_cannot_be_read_is_as_if_it_were_not_there()
    {
        await _records.PutAsync([new(SharedMtaStsCache.Kind, "remote.test", "{}"u8.ToArray(), _time.GetUtcNow().AddDays(1))], default);
        (await Relay().GetAsync("remote.test", default)).Should().BeNull();
        (await Relay().FetchedBeforeAsync(_time.GetUtcNow(), default)).Should().BeEmpty();
    }

    private SharedMtaStsCache Relay() => new(_records, _time, 1000);

    private KnownMtaStsPolicy Policy(string domain, int maxAge)
        => new(domain, "20270101", MtaStsPolicy.Parse($"version: STSv1\r\nmode: enforce\r\nmx: *.{domain}\r\nmax_age: {maxAge}\r\n", out _)!, _time.GetUtcNow());
}
