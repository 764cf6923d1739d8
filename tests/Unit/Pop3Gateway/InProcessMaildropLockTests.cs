using AwesomeAssertions;
using Merpati.Mailboxes;
using Merpati.Pop3Gateway;
using Xunit;

namespace Merpati.Tests.Unit.Pop3Gateway;

public sealed class InProcessMaildropLockTests
{
    private readonly InProcessMaildropLock _locks = new();
    private readonly AccountId _ann = new(Guid.NewGuid());

    [Fact]
    public async Task One_session_at_a_time_has_the_maildrop_of_an_account()
    {
        var first = await _locks.TryAcquireAsync(_ann, default);
        first.Should().NotBeNull();
        (await _locks.TryAcquireAsync(_ann, default)).Should().BeNull();
        (await _locks.TryAcquireAsync(new AccountId(Guid.NewGuid()), default)).Should().NotBeNull();
        await first!.DisposeAsync();
        (await _locks.TryAcquireAsync(_ann, default)).Should().NotBeNull();
    }

    [Fact]
    public async Task Giving_back_twice_does_not_free_the_next_session()
    {
        var first = await _locks.TryAcquireAsync(_ann, default);
        await first!.DisposeAsync();
        await _locks.TryAcquireAsync(_ann, default);
        await first.DisposeAsync();
        (await _locks.TryAcquireAsync(_ann, default)).Should().BeNull();
    }
}
