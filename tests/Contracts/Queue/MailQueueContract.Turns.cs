using AwesomeAssertions;
using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.Mailboxes;
using Merpati.Storage;
using Xunit;

namespace Merpati.Tests.Contracts.Queue;

/// <summary>Whose turn it is when more is due than a worker can take.</summary>
public abstract partial class MailQueueContract
{
    private static readonly HashSet<string> None = [];

    [Fact]
    public async Task The_higher_priority_comes_first_and_within_it_the_longest_due()
    {
        var low = await EnqueueAsync(Entry(["a@x.test"]) with { Priority = -9, NextAttemptAt = Now - (9 * Minute) });
        var plain = await EnqueueAsync(Entry(["a@x.test"]) with { NextAttemptAt = Now - Minute });
        var high = await EnqueueAsync(Entry(["a@x.test"]) with { Priority = 9 });
        await EnqueueAsync(Entry(["a@x.test"]) with { Priority = 9, NextAttemptAt = Now + Minute });
        var longer = await EnqueueAsync(Entry(["a@x.test"]) with { NextAttemptAt = Now - (2 * Minute) });
        (await LeaseAsync(10)).Select(lease => lease.Entry.Id).Should().Equal(high.Id, longer.Id, plain.Id, low.Id);
    }

    [Fact]
    public async Task One_destination_gets_no_more_than_its_share_and_the_others_are_not_behind_it()
    {
        for (var i = 0; i < 300; i++) await EnqueueAsync(Relay("big.test") with { NextAttemptAt = Now - (5 * Minute) });
        var small = await EnqueueAsync(Relay("small.test"));
        (await TakeAsync(new LeaseWish(10, PerDestination: 3, PerSender: 100, None))).Should().Equal("big.test", "big.test", "big.test", "small.test");
        (await Queue.FindAsync(small.Id, default))!.Attempts.Should().Be(1);
        (await TakeAsync(new LeaseWish(2, PerDestination: 3, PerSender: 100, None))).Should().Equal("big.test", "big.test");
    }

    [Fact]
    public async Task One_sender_gets_no_more_than_its_share_and_the_others_are_not_behind_it()
    {
        var account = AccountId.New(Time);
        var at = 0;
        foreach (var address in new[] { "news@big.test", "other@big.test" })
        {
            for (var i = 0; i < 150; i++) await EnqueueAsync(Relay($"d{at++}.test") with { NextAttemptAt = Now - Minute, Submitter = account, ReversePath = new ReversePath(EmailAddress.Parse(address)) });
        }
        var outside = new[] { "a@out.test", "A@OUT.test", "b@out.test" };
        foreach (var address in outside) await EnqueueAsync(Relay($"d{at++}.test") with { ReversePath = new ReversePath(EmailAddress.Parse(address)) });
        var leases = await Queue.LeaseAsync(QueueRoute.Relay, "worker", new LeaseWish(100, PerDestination: 100, PerSender: 1, None), Minute, default);
        leases.Select(lease => lease.Entry.Submitter is null ? lease.Entry.ReversePath.ToString().ToLowerInvariant() : "the account").Should().Equal("the account", "<a@out.test>", "<b@out.test>");
    }

    [Fact]
    public async Task Excepted_destinations_wait_however_long_they_are_due()
    {
        for (var i = 0; i < 300; i++) await EnqueueAsync(Relay(i % 2 == 0 ? "dead.test" : "slow.test") with { NextAttemptAt = Now - Minute, Priority = i % 3 });
        await EnqueueAsync(Relay("alive.test") with { Priority = -1 });
        await EnqueueAsync(Relay(null));
        HashSet<string> resting = ["dead.test", "slow.test", "unheard-of.test"];
        (await TakeAsync(new LeaseWish(10, PerDestination: 1, PerSender: 100, resting))).Should().BeEquivalentTo([null, "alive.test"]);
        (await TakeAsync(new LeaseWish(10, PerDestination: 1, PerSender: 100, resting))).Should().BeEmpty();
        (await TakeAsync(new LeaseWish(10, PerDestination: 1, PerSender: 100, None))).Should().BeEquivalentTo(["dead.test", "slow.test"]);
    }

    [Fact]
    public async Task Workers_at_once_share_what_is_due()
    {
        for (var i = 0; i < 200; i++) await EnqueueAsync(Relay($"d{i}.test"));
        var shares = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            var taken = new List<string?>();
            while (await TakeAsync(new LeaseWish(7, PerDestination: 1, PerSender: 100, None)) is { Count: > 0 } more) taken.AddRange(more);
            return taken;
        })));
        // Who lost every race may have gone home early; nothing was taken twice, and what is left can be taken.
        shares.SelectMany(share => share).Should().OnlyHaveUniqueItems();
        var rest = await TakeAsync(new LeaseWish(1_000, PerDestination: 1, PerSender: 1_000, None));
        shares.SelectMany(share => share).Concat(rest).Should().HaveCount(200);
    }

    private async Task<List<string?>> TakeAsync(LeaseWish wish)
        => [.. (await Queue.LeaseAsync(QueueRoute.Relay, "worker", wish, Minute, default)).Select(lease => lease.Entry.Destination)];

    private QueueEntry Relay(string? destination) => Entry([$"a@{destination ?? "x.test"}"]) with { Route = QueueRoute.Relay, Destination = destination };
}
