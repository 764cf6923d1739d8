using AwesomeAssertions;
using Merpati.Queueing;
using Merpati.Storage;
using Merpati.Storage.Sqlite;
using Xunit;

namespace Merpati.Tests.Contracts.Queue;

public sealed class SqliteMailQueueTests : MailQueueContract
{
    private readonly SqliteFolder _folder = new(SqliteMailQueue.Schema);

    [Fact]
    public async Task A_sweep_that_finds_nothing_writes_nothing()
    {
        await EnqueueAsync(Entry(["a@x.test"]) with { NextAttemptAt = Time.GetUtcNow() + Minute });
        var before = new FileInfo(_folder.Database.Path + "-wal").Length;
        for (var i = 0; i < 50; i++) (await LeaseAsync(10)).Should().BeEmpty();
        new FileInfo(_folder.Database.Path + "-wal").Length.Should().BeLessThanOrEqualTo(before);
    }

    [Fact]
    public void Stored_numbers_never_change()
    {
        Enum.GetValues<RecipientState>().Select(state => (int)state).Should().Equal(0, 1, 2, 3, 4, 5, 6);
        ((int)QueueRoute.Local, (int)QueueRoute.Relay).Should().Be((0, 1));
    }

    protected override Task<IMailQueue> StartAsync() => Task.FromResult<IMailQueue>(new SqliteMailQueue(_folder.Open(), Time));

    protected override async Task StopAsync() => await _folder.DisposeAsync();

    protected override async Task<IMailQueue> CrashAsync() => new SqliteMailQueue(await _folder.CrashAsync(), Time);

    protected override Task SetFullAsync(bool full) => _folder.LimitAsync(full);
}
