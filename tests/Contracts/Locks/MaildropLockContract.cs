using AwesomeAssertions;
using Merpati.Mailboxes;
using Merpati.Pop3Gateway;
using Xunit;

namespace Merpati.Tests.Contracts.Locks;

/// <summary><see cref="IMaildropLock"/>: one session per account, and free again at once.</summary>
public abstract class MaildropLockContract : IAsyncLifetime
{
    protected IMaildropLock Lock { get; private set; } = null!;

    private AccountId Ann { get; } = new(Guid.NewGuid());

    public async Task InitializeAsync() => Lock = await StartAsync();

    public Task DisposeAsync() => StopAsync();

    protected abstract Task<IMaildropLock> StartAsync();

    protected abstract Task StopAsync();

    [Fact]
    public async Task One_session_has_the_maildrop()
    {
        await using var held = await Lock.TryAcquireAsync(Ann, default);
        held.Should().NotBeNull();
        (await Lock.TryAcquireAsync(Ann, default)).Should().BeNull();
        await using var other = await Lock.TryAcquireAsync(new AccountId(Guid.NewGuid()), default);
        other.Should().NotBeNull();
    }

    [Fact]
    public async Task It_is_free_as_soon_as_it_was_given_back()
    {
        for (var i = 0; i < 20; i++)
        {
            var held = await Lock.TryAcquireAsync(Ann, default);
            held.Should().NotBeNull();
            await held!.DisposeAsync();
        }
    }

    [Fact]
    public async Task Giving_back_twice_takes_nothing_from_the_next()
    {
        var first = (await Lock.TryAcquireAsync(Ann, default))!;
        await first.DisposeAsync();
        await using var second = await Lock.TryAcquireAsync(Ann, default);
        await first.DisposeAsync();
        (await Lock.TryAcquireAsync(Ann, default)).Should().BeNull();
    }

    [Fact]
    public async Task Of_many_that_come_at_once_one_wins()
    {
        var held = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => Lock.TryAcquireAsync(Ann, default).AsTask()));
        held.Count(won => won is not null).Should().Be(1);
        foreach (var won in held) await (won?.DisposeAsync() ?? ValueTask.CompletedTask);
    }
}

public sealed class InProcessMaildropLockTests : MaildropLockContract
{
    protected override Task<IMaildropLock> StartAsync() => Task.FromResult<IMaildropLock>(new InProcessMaildropLock());

    protected override Task StopAsync() => Task.CompletedTask;
}
