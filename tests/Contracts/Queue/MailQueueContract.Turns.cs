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
        var senders = leases.Select(lease => lease.Entry.Submitter is null ? lease.Entry.ReversePath.ToString().ToLowerInvariant() : "the account").ToList();
        // Those outside are due at the same moment.
        senders.Should().StartWith("the account").And.BeEquivalentTo(["the account", "<a@out.test>", "<b@out.test>"]);
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
    public async Task A_long_row_that_is_passed_over_hides_nothing_behind_it()
    {
        HashSet<string> full = [.. Enumerable.Range(0, 20).Select(i => $"full{i}.test")];
        await EnqueueAllAsync(Enumerable.Range(0, 2_000).Select(i => Relay($"full{i % 20}.test") with { NextAttemptAt = Now - (9 * Minute), Priority = 1 }));
        await EnqueueAllAsync(Enumerable.Range(0, 60).Select(i => Relay($"open{i % 20}.test") with { NextAttemptAt = Now - Minute, Priority = -(i / 20) }));
        await EnqueueAllAsync(Enumerable.Range(0, 40).Select(i => Relay($"open{i % 20}.test") with { NextAttemptAt = Now + Minute }));
        var wish = new LeaseWish(30, PerDestination: 2, PerSender: 1_000, full);
        var leases = await Queue.LeaseAsync(QueueRoute.Relay, "worker", wish, Minute, default);
        // The higher priority of all of them, then the next one.
        leases.Select(lease => lease.Entry.Priority).Should().Equal([.. Enumerable.Repeat(0, 20), .. Enumerable.Repeat(-1, 10)]);
        leases.Take(20).Select(lease => lease.Entry.Destination).Should().OnlyHaveUniqueItems();
        var rest = new List<string?>();
        while (await TakeAsync(wish) is { Count: > 0 } more) rest.AddRange(more);
        rest.Should().HaveCount(30).And.NotContain(full);
        (await TakeAsync(wish with { ExceptDestinations = None })).Should().HaveCount(30).And.OnlyContain(destination => full.Contains(destination!));
    }

    [Fact]
    public async Task What_comes_for_a_destination_that_had_nothing_is_found_behind_a_long_row()
    {
        await EnqueueAllAsync(Enumerable.Range(0, 500).Select(_ => Relay("full.test") with { NextAttemptAt = Now - Minute }));
        var wish = new LeaseWish(10, PerDestination: 2, PerSender: 1_000, new HashSet<string> { "full.test" });
        (await TakeAsync(wish)).Should().BeEmpty();
        await EnqueueAsync(Relay("new.test"));
        // A list of the destinations is used again for a moment.
        for (var tries = 0; ; tries++)
        {
            if (await TakeAsync(wish) is [var taken])
            {
                taken.Should().Be("new.test");
                break;
            }
            tries.Should().BeLessThan(1_000);
            await Task.Delay(10);
        }
        // What is due again later is not found before, and not forgotten.
        Time.Advance(2 * Minute);
        (await TakeAsync(wish)).Should().Equal("new.test");
    }

    [Fact]
    public async Task A_big_sender_does_not_hold_up_another_one_at_the_same_destination()
    {
        var (big, small) = (AccountId.New(Time), AccountId.New(Time));
        await EnqueueAllAsync(Enumerable.Range(0, 500).Select(_ => Relay("gmail.test") with { NextAttemptAt = Now - (5 * Minute), Submitter = big }));
        var wish = new LeaseWish(10, PerDestination: 4, PerSender: 100, None);
        (await Queue.LeaseAsync(QueueRoute.Relay, "worker", wish, Minute, default)).Should().HaveCount(4).And.OnlyContain(lease => lease.Entry.Submitter == big);
        await EnqueueAllAsync(Enumerable.Range(0, 2).Select(_ => Relay("gmail.test") with { Submitter = small }));
        (await Queue.LeaseAsync(QueueRoute.Relay, "worker", wish, Minute, default)).Select(lease => lease.Entry.Submitter).Should().BeEquivalentTo([big, big, small, small]);
    }

    [Fact]
    public async Task Destinations_of_which_nothing_is_known_get_no_more_than_their_part()
    {
        await EnqueueAllAsync(Enumerable.Range(0, 400).Select(i => Relay($"unknown{i}.test") with { NextAttemptAt = Now - Minute }));
        await EnqueueAllAsync(Enumerable.Range(0, 6).Select(_ => Relay("well.test")));
        var wish = new LeaseWish(20, PerDestination: 4, PerSender: 100, None) { WellKnown = new Dictionary<string, int> { ["well.test"] = 5, ["other.test"] = 5 }, MostUnknown = 3 };
        var taken = await TakeAsync(wish);
        taken.Should().HaveCount(8);
        taken.Count(destination => destination == "well.test").Should().Be(5, "that is its own share");
        (await TakeAsync(wish with { MostUnknown = 0 })).Should().Equal("well.test");
        (await TakeAsync(wish with { MostUnknown = 0 })).Should().BeEmpty();
        (await TakeAsync(wish with { MostUnknown = int.MaxValue })).Should().HaveCount(20);
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

    private async Task EnqueueAllAsync(IEnumerable<QueueEntry> entries)
    {
        foreach (var part in entries.Chunk(500)) await Queue.EnqueueAsync(part, default);
    }

    private async Task<List<string?>> TakeAsync(LeaseWish wish)
        => [.. (await Queue.LeaseAsync(QueueRoute.Relay, "worker", wish, Minute, default)).Select(lease => lease.Entry.Destination)];

    private QueueEntry Relay(string? destination) => Entry([$"a@{destination ?? "x.test"}"]) with { Route = QueueRoute.Relay, Destination = destination };
}
