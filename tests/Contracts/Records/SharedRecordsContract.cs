using System.Text;
using AwesomeAssertions;
using Merpati.Storage;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Merpati.Tests.Contracts.Records;

/// <summary><see cref="ISharedRecords"/>: what the relays know together.</summary>
public abstract class SharedRecordsContract : IAsyncLifetime
{
    private ISharedRecords _records = null!;

    protected FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    public async Task InitializeAsync() => _records = await StartAsync();

    public Task DisposeAsync() => StopAsync();

    protected abstract Task<ISharedRecords> StartAsync();

    protected abstract Task StopAsync();

    [Fact]
    public async Task What_was_written_is_found_by_its_kind_and_key_alone()
    {
        await _records.PutAsync([Of("rate", "example.org", "1"), Of("rest", "example.org", "2")], default);
        (await ValueOfAsync("rate", "example.org")).Should().Be("1");
        (await ValueOfAsync("rest", "example.org")).Should().Be("2");
        (await _records.FindAsync("rate", "example.net", default)).Should().BeNull();
        (await _records.FindAsync("rat", "example.org", default)).Should().BeNull();
    }

    [Fact]
    public async Task A_record_that_is_not_there_is_made_by_one_only()
    {
        (await _records.TryPutAsync(Of("rate", "a", "first"), default)).Should().BeTrue();
        (await _records.TryPutAsync(Of("rate", "a", "second"), default)).Should().BeFalse();
        (await ValueOfAsync("rate", "a")).Should().Be("first");
    }

    [Fact]
    public async Task Of_two_who_read_the_same_one_writes()
    {
        await _records.TryPutAsync(Of("rate", "a", "1"), default);
        var read = (await _records.FindAsync("rate", "a", default))!;
        (await _records.TryPutAsync(read with { Value = "2"u8.ToArray() }, default)).Should().BeTrue();
        (await _records.TryPutAsync(read with { Value = "3"u8.ToArray() }, default)).Should().BeFalse();
        (await ValueOfAsync("rate", "a")).Should().Be("2");
    }

    [Fact]
    public async Task Who_writes_whatever_is_there_makes_those_look_again_who_compare()
    {
        await _records.TryPutAsync(Of("rate", "a", "1"), default);
        var read = (await _records.FindAsync("rate", "a", default))!;
        await _records.PutAsync([Of("rate", "a", "2")], default);
        (await _records.TryPutAsync(read with { Value = "3"u8.ToArray() }, default)).Should().BeFalse();
    }

    [Fact]
    public async Task Many_who_count_at_once_lose_no_count()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 10; i++)
            {
                while (true)
                {
                    var there = await _records.FindAsync("count", "a", default) ?? Of("count", "a", "0");
                    var next = int.Parse(Encoding.ASCII.GetString(there.Value.Span)) + 1;
                    if (await _records.TryPutAsync(there with { Value = Encoding.ASCII.GetBytes($"{next}") }, default)) break;
                }
            }
        })));
        (await ValueOfAsync("count", "a")).Should().Be("80");
    }

    [Fact]
    public async Task What_has_expired_is_as_if_it_had_never_been()
    {
        await _records.PutAsync([Of("rate", "a", "1"), Of("rate", "b", "1") with { ExpiresAt = Time.GetUtcNow().AddHours(2) }], default);
        Time.Advance(TimeSpan.FromHours(1));
        (await _records.FindAsync("rate", "a", default)).Should().BeNull();
        (await KeysAsync("rate", null, 10)).Should().Equal("b");
        (await _records.TryPutAsync(Of("rate", "a", "2"), default)).Should().BeTrue();
        (await ValueOfAsync("rate", "a")).Should().Be("2");
    }

    [Fact]
    public async Task Expired_records_make_room()
    {
        await _records.PutAsync([Of("rate", "a", "1"), Of("rest", "b", "1"), Of("rest", "c", "1") with { ExpiresAt = Time.GetUtcNow().AddHours(2) }], default);
        Time.Advance(TimeSpan.FromHours(1));
        (await _records.RemoveExpiredAsync(default)).Should().Be(2);
        (await _records.RemoveExpiredAsync(default)).Should().Be(0);
        (await KeysAsync("rest", null, 10)).Should().Equal("c");
    }

    [Fact]
    public async Task A_kind_is_listed_in_order_and_in_pieces()
    {
        await _records.PutAsync([Of("rest", "c", ""), Of("rest", "a", ""), Of("resting", "x", ""), Of("rest", "b", ""), Of("res", "y", "")], default);
        (await KeysAsync("rest", null, 2)).Should().Equal("a", "b");
        (await KeysAsync("rest", "b", 2)).Should().Equal("c");
        (await KeysAsync("other", null, 2)).Should().BeEmpty();
    }

    [Fact]
    public async Task What_is_removed_is_gone_and_may_be_made_again()
    {
        await _records.PutAsync([Of("rest", "a", "1"), Of("rest", "b", "1")], default);
        await _records.RemoveAsync("rest", ["a", "z"], default);
        (await KeysAsync("rest", null, 10)).Should().Equal("b");
        (await _records.TryPutAsync(Of("rest", "a", "2"), default)).Should().BeTrue();
    }

    [Fact]
    public async Task A_large_value_comes_back_octet_for_octet()
    {
        var value = new byte[100_000];
        new Random(1).NextBytes(value);
        await _records.PutAsync([Of("policy", "a", "") with { Value = value }], default);
        (await _records.FindAsync("policy", "a", default))!.Value.ToArray().Should().Equal(value);
    }

    private SharedRecord Of(string kind, string key, string value) => new(kind, key, Encoding.ASCII.GetBytes(value), Time.GetUtcNow().AddHours(1));

    private async Task<string?> ValueOfAsync(string kind, string key) => await _records.FindAsync(kind, key, default) is { } record ? Encoding.ASCII.GetString(record.Value.Span) : null;

    private async Task<IEnumerable<string>> KeysAsync(string kind, string? after, int limit) => (await _records.ListAsync(kind, after, limit, default)).Select(record => record.Key);
}
