using System.Security.Cryptography;
using AwesomeAssertions;
using Merpati.Mailboxes;
using Merpati.Storage;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Merpati.Tests.Contracts.Content;

/// <summary>What every content store promises. A subclass says how its store is started, crashed, damaged and filled.</summary>
public abstract class ContentStoreContract : IAsyncLifetime
{
    private const int Chunk = 64 * 1024;

    protected FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    protected IContentStore Store { get; set; } = null!;

    public async Task InitializeAsync() => Store = await StartAsync();

    public Task DisposeAsync() => StopAsync();

    protected abstract Task<IContentStore> StartAsync();

    protected abstract Task StopAsync();

    /// <summary>The store as it is found after the process was killed.</summary>
    protected abstract Task<IContentStore> CrashAsync();

    /// <summary>Changes one stored octet behind the store's back.</summary>
    protected abstract Task DamageAsync(ContentId content, long offset);

    protected abstract Task SetFullAsync(bool full);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(10_000)]
    [InlineData(Chunk - 1)]
    [InlineData(Chunk)]
    [InlineData(Chunk + 1)]
    [InlineData(2 * Chunk)]
    [InlineData((5 * Chunk) + 17)]
    [InlineData(20 * 1024 * 1024)]
    public async Task Comes_back_byte_for_byte(int size)
    {
        var octets = Octets(size);
        var info = await WriteAsync(octets, piece: 7_777);
        info.Size.Should().Be(size);
        info.Sha256.ToArray().Should().Equal(SHA256.HashData(octets));
        info.CreatedAt.Should().Be(Time.GetUtcNow());
        Same((await Store.FindAsync(info.Id, default))!, info);
        (await ReadAsync(info.Id)).AsSpan().SequenceEqual(octets).Should().BeTrue();
    }

    [Theory]
    [InlineData(Chunk)]
    [InlineData(200_000)]
    [InlineData(2 * Chunk)]
    public async Task Ranges_are_cut_exactly(int size)
    {
        var octets = Octets(size);
        var info = await WriteAsync(octets, piece: size);
        (long Offset, long Length)[] ranges =
        [
            (0, 0), (0, 1), (0, size), (0, long.MaxValue), (1, size - 2), (Chunk - 1, 2), (Chunk - 1, 1), (Chunk, 1), (Chunk, Chunk),
            (100, 150_000), (size - 1, 1), (size - 1, 100), (size, 1), (size + 1, 1), (long.MaxValue, long.MaxValue),
        ];
        foreach (var (offset, length) in ranges)
        {
            var start = (int)Math.Min(offset, size);
            var expected = octets.AsMemory(start, (int)Math.Min(length, size - start));
            (await ReadAsync(info.Id, offset, length)).AsSpan().SequenceEqual(expected.Span).Should().BeTrue($"{length} octets from {offset}");
        }
    }

    [Fact]
    public async Task Streams_can_be_read_without_awaiting()
    {
        var octets = Octets(3 * Chunk);
        var info = await WriteAsync(octets, Chunk);
        await using var stream = await Store.OpenAsync(info.Id, 0, long.MaxValue, default);
        ReadToEnd(stream).AsSpan().SequenceEqual(octets).Should().BeTrue();

        static byte[] ReadToEnd(Stream from)
        {
            using var copy = new MemoryStream();
            from.CopyTo(copy);
            return copy.ToArray();
        }
    }

    [Fact]
    public async Task The_buffer_is_the_callers_again()
    {
        await using var writer = await Store.CreateAsync(default);
        var buffer = new byte[50_000];
        var expected = new List<byte>();
        for (byte i = 0; i < 10; i++)
        {
            Array.Fill(buffer, i);
            expected.AddRange(buffer);
            await writer.WriteAsync(buffer, default);
            writer.Length.Should().Be(expected.Count);
        }
        await writer.CommitAsync(default);
        (await ReadAsync(writer.Id)).Should().Equal(expected);
    }

    [Theory]
    [InlineData(100)]
    [InlineData((3 * Chunk) + 1)]
    public async Task Nothing_is_seen_before_the_commit_and_nothing_is_left_without_it(int size)
    {
        await using (var writer = await Store.CreateAsync(default))
        {
            await writer.WriteAsync(Octets(size), default);
            (await Store.FindAsync(writer.Id, default)).Should().BeNull();
            await FluentActions.Awaiting(() => Store.OpenAsync(writer.Id, 0, 1, default).AsTask()).Should().ThrowAsync<ContentDamagedException>();
            (await ListAsync()).Should().BeEmpty();
        }
        (await ListAsync()).Should().BeEmpty();
        (await Store.RemoveUnfinishedAsync(Time.GetUtcNow().AddYears(1), default)).Should().Be(0);
    }

    [Fact]
    public async Task What_was_removed_as_unfinished_cannot_be_committed()
    {
        await using var old = await Store.CreateAsync(default);
        await old.WriteAsync(Octets(3 * Chunk), default);
        await old.WriteAsync(Octets(3 * Chunk), default);
        Time.Advance(TimeSpan.FromHours(1));
        await using var young = await Store.CreateAsync(default);
        await young.WriteAsync(Octets(3 * Chunk), default);
        await young.WriteAsync(Octets(1), default);
        (await Store.RemoveUnfinishedAsync(Time.GetUtcNow().AddMinutes(-30), default)).Should().Be(1);
        await FluentActions.Awaiting(() => old.CommitAsync(default).AsTask()).Should().ThrowAsync<StoreUnavailableException>();
        (await young.CommitAsync(default)).Size.Should().Be((3 * Chunk) + 1);
        (await ListAsync()).Should().ContainSingle();
        (await ReadAsync(young.Id)).Length.Should().Be((3 * Chunk) + 1);
    }

    [Fact]
    public async Task A_crash_keeps_what_was_committed_and_nothing_else()
    {
        var small = await WriteAsync(Octets(10_000), 1000);
        var large = await WriteAsync(Octets(5 * Chunk), 50_000);
        var cut = await Store.CreateAsync(default);
        await cut.WriteAsync(Octets(4 * Chunk), default);
        await cut.WriteAsync(Octets(1), default);
        await WriteAsync(Octets(1), 1);

        Store = await CrashAsync();

        (await ReadAsync(small.Id)).Should().Equal(Octets(10_000));
        (await ReadAsync(large.Id)).AsSpan().SequenceEqual(Octets(5 * Chunk)).Should().BeTrue();
        (await Store.FindAsync(cut.Id, default)).Should().BeNull();
        (await ListAsync()).Should().HaveCount(3);
        await Store.RemoveUnfinishedAsync(Time.GetUtcNow().AddHours(1), default);
        (await Store.RemoveUnfinishedAsync(Time.GetUtcNow().AddHours(1), default)).Should().Be(0);
    }

    [Fact]
    public async Task Created_is_when_it_became_visible()
    {
        await using var writer = await Store.CreateAsync(default);
        Time.Advance(TimeSpan.FromMinutes(10));
        var info = await writer.CommitAsync(default);
        info.CreatedAt.Should().Be(Time.GetUtcNow());
        info.Id.Should().Be(writer.Id);
    }

    [Fact]
    public async Task Delete_removes_and_may_be_repeated()
    {
        ContentInfo[] all = [await WriteAsync(Octets(10), 10), await WriteAsync(Octets(100 * Chunk), Chunk), await WriteAsync(Octets(20), 10)];
        ContentId[] gone = [all[0].Id, all[1].Id, ContentId.New(Time)];
        await Store.DeleteAsync(gone, default);
        await Store.DeleteAsync(gone, default);
        (await ListAsync()).Select(info => info.Id).Should().Equal(all[2].Id);
        (await Store.FindAsync(all[1].Id, default)).Should().BeNull();
        await FluentActions.Awaiting(() => ReadAsync(all[0].Id)).Should().ThrowAsync<ContentDamagedException>();
        (await Store.RemoveUnfinishedAsync(Time.GetUtcNow().AddHours(1), default)).Should().Be(0);
        (await ReadAsync(all[2].Id)).Should().Equal(Octets(20));
    }

    [Fact]
    public async Task A_reader_of_what_is_deleted_meanwhile_is_told()
    {
        var info = await WriteAsync(Octets(4 * Chunk), Chunk);
        await using var stream = await Store.OpenAsync(info.Id, 0, long.MaxValue, default);
        await stream.ReadExactlyAsync(new byte[100]);
        await Store.DeleteAsync([info.Id], default);
        await FluentActions.Awaiting(() => stream.CopyToAsync(Stream.Null)).Should().ThrowAsync<ContentDamagedException>();
    }

    [Fact]
    public async Task List_goes_in_pages_by_id_and_only_over_what_is_old_enough()
    {
        var written = new List<ContentInfo>();
        for (var i = 0; i < 10; i++)
        {
            written.Add(await WriteAsync(Octets(i), 10));
            Time.Advance(TimeSpan.FromMinutes(1));
        }
        var before = written[8].CreatedAt;
        var pages = new List<ContentInfo>();
        while (await Store.ListAsync(before, pages.LastOrDefault()?.Id, 3, default) is { Count: > 0 } page)
        {
            page.Count.Should().BeLessThanOrEqualTo(3);
            pages.AddRange(page);
        }
        pages.Should().HaveCount(8);
        foreach (var (page, expected) in pages.Zip(written)) Same(page, expected);
    }

    [Fact]
    public async Task Many_writers_at_once_lose_nothing()
    {
        var infos = await Task.WhenAll(Enumerable.Range(0, 600).Select(i => WriteAsync(Octets(Size(i), i), 9_000)));
        infos.Select(info => info.Id).Should().OnlyHaveUniqueItems();
        await Task.WhenAll(infos.Select(async (info, i) => (await ReadAsync(info.Id)).AsSpan().SequenceEqual(Octets(Size(i), i)).Should().BeTrue()));
        (await ListAsync()).Should().HaveCount(600);

        static int Size(int i) => i % 50 == 0 ? 3 * Chunk : 2_000 + (i * 13);
    }

    [Theory]
    [InlineData(5_000, 0)]
    [InlineData(5_000, 4_999)]
    [InlineData(Chunk, 40_000)]
    [InlineData(4 * Chunk, (2 * Chunk) + 5)]
    [InlineData((4 * Chunk) + 1, 4 * Chunk)]
    public async Task Damage_is_found_named_and_local(int size, long offset)
    {
        var before = await WriteAsync(Octets(size), size);
        var damaged = await WriteAsync(Octets(size), size);
        var after = await WriteAsync(Octets(size), size);
        await DamageAsync(damaged.Id, offset);

        (await FluentActions.Awaiting(() => ReadAsync(damaged.Id)).Should().ThrowAsync<ContentDamagedException>()).Which.Content.Should().Be(damaged.Id);
        (await ReadAsync(before.Id)).AsSpan().SequenceEqual(Octets(size)).Should().BeTrue();
        (await ReadAsync(after.Id)).AsSpan().SequenceEqual(Octets(size)).Should().BeTrue();
        (await ListAsync()).Should().HaveCount(3);
        if (offset >= Chunk) (await ReadAsync(damaged.Id, 0, Chunk)).AsSpan().SequenceEqual(Octets(size).AsSpan(0, Chunk)).Should().BeTrue();
    }

    [Theory]
    [InlineData(60_000)]
    [InlineData(40 * Chunk)]
    public async Task A_full_store_refuses_keeps_what_it_has_and_recovers(int size)
    {
        var kept = await WriteAsync(Octets(10_000), 10_000);
        await SetFullAsync(true);
        await FluentActions.Awaiting(() => WriteAsync(Octets(size), 10_000)).Should().ThrowAsync<StoreFullException>();
        (await ReadAsync(kept.Id)).Should().Equal(Octets(10_000));
        await SetFullAsync(false);
        var late = await WriteAsync(Octets(size), 10_000);
        (await ReadAsync(late.Id)).AsSpan().SequenceEqual(Octets(size)).Should().BeTrue();
        (await ListAsync()).Should().HaveCount(2);
    }

    [Fact]
    public async Task A_missing_content_is_null_or_damaged()
    {
        var none = ContentId.New(Time);
        (await Store.FindAsync(none, default)).Should().BeNull();
        (await FluentActions.Awaiting(() => ReadAsync(none)).Should().ThrowAsync<ContentDamagedException>()).Which.Content.Should().Be(none);
    }

    protected static byte[] Octets(int size, int seed = 1)
    {
        var octets = new byte[size];
        new Random(seed).NextBytes(octets);
        return octets;
    }

    protected async Task<ContentInfo> WriteAsync(byte[] octets, int piece)
    {
        await using var writer = await Store.CreateAsync(default);
        for (var at = 0; at < octets.Length; at += piece) await writer.WriteAsync(octets.AsMemory(at, Math.Min(piece, octets.Length - at)), default);
        return await writer.CommitAsync(default);
    }

    protected async Task<byte[]> ReadAsync(ContentId content, long offset = 0, long length = long.MaxValue)
    {
        await using var stream = await Store.OpenAsync(content, offset, length, default);
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy);
        return copy.ToArray();
    }

    private async Task<IReadOnlyList<ContentInfo>> ListAsync() => await Store.ListAsync(Time.GetUtcNow().AddYears(1), null, 10_000, default);

    private static void Same(ContentInfo one, ContentInfo other)
    {
        (one with { Sha256 = default }).Should().Be(other with { Sha256 = default });
        one.Sha256.ToArray().Should().Equal(other.Sha256.ToArray());
    }
}
