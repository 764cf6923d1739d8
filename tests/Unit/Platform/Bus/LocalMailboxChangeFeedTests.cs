using AwesomeAssertions;
using Merpati.Mailboxes;
using Merpati.Platform.Bus;
using Xunit;

namespace Merpati.Tests.Unit.Platform.Bus;

public sealed class LocalMailboxChangeFeedTests
{
    private static readonly AccountId Ann = new(Guid.NewGuid());
    private static readonly AccountId Bob = new(Guid.NewGuid());

    private readonly LocalMailboxChangeFeed _feed = new();

    [Fact]
    public void Tells_every_subscriber_of_the_account_and_no_other()
    {
        var (first, second, other) = (new List<MailboxChanged>(), new List<MailboxChanged>(), new List<MailboxChanged>());
        using var a = _feed.Subscribe(Ann, first.Add);
        using var b = _feed.Subscribe(Ann, second.Add);
        using var c = _feed.Subscribe(Bob, other.Add);
        var change = new MailboxChanged(Ann, new MailboxId(Guid.NewGuid()), new ModSeq(7));
        _feed.Announce(change);
        first.Should().Equal(change);
        second.Should().Equal(change);
        other.Should().BeEmpty();
    }

    [Fact]
    public void Is_silent_after_dispose()
    {
        var heard = new List<MailboxChanged>();
        var subscription = _feed.Subscribe(Ann, heard.Add);
        subscription.Dispose();
        subscription.Dispose();
        _feed.Announce(new MailboxChanged(Ann, null, default));
        heard.Should().BeEmpty();
    }

    [Fact]
    public async Task Loses_no_subscription_when_many_come_and_go()
    {
        var heard = 0;
        using var kept = _feed.Subscribe(Ann, _ => Interlocked.Increment(ref heard));
        await Parallel.ForAsync(0, 2000, (_, _) =>
        {
            _feed.Subscribe(Ann, _ => { }).Dispose();
            return ValueTask.CompletedTask;
        });
        _feed.Announce(new MailboxChanged(Ann, null, default));
        heard.Should().Be(1);
    }
}
