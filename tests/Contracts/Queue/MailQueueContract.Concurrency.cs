using System.Collections.Concurrent;
using AwesomeAssertions;
using Merpati.Queueing;
using Merpati.Storage;
using Xunit;

namespace Merpati.Tests.Contracts.Queue;

/// <summary>Many at once, and random work against a model.</summary>
public abstract partial class MailQueueContract
{
    [Fact]
    public async Task Many_workers_do_each_entry_once()
    {
        const int Entries = 2_000;
        var done = new ConcurrentDictionary<QueueId, int>();
        var enqueuing = Task.WhenAll(Enumerable.Range(0, Entries).Select(_ => EnqueueAsync(Entry(["a@x.test"]))));
        await Task.WhenAll(Enumerable.Range(0, 20).Select(async worker =>
        {
            // Between awaits the clock stands still, so no lease expires here.
            while (done.Count < Entries)
            {
                foreach (var lease in await Queue.LeaseAsync(QueueRoute.Local, $"worker {worker}", LeaseWish.UpTo(7), Minute, default))
                {
                    done.AddOrUpdate(lease.Entry.Id, 1, (_, times) => times + 1);
                    (await Queue.CompleteAsync(lease, [Result(lease.Entry, 0, RecipientState.Delivered)], Now, [], default)).Should().BeTrue();
                }
                await Task.Yield();
            }
        }));
        await enqueuing;
        done.Values.Should().OnlyContain(times => times == 1);
        await LedgerIsAsync(accepted: Entries, open: 0, (RecipientState.Delivered, Entries));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Random_work_goes_as_in_the_model(int seed)
    {
        var random = new Random(seed);
        var model = new QueueModel();
        var leases = new List<QueueLease>();
        for (var i = 0; i < 400; i++)
        {
            Time.Advance(TimeSpan.FromSeconds(random.Next(20)));
            switch (random.Next(10))
            {
                case 0 or 1 or 2:
                    var entry = RandomEntry(random);
                    await Queue.EnqueueAsync(entry, default);
                    model.Enqueue(entry);
                    if (random.Next(4) == 0) await Queue.EnqueueAsync(entry, default);
                    break;
                case 3 or 4:
                    var (limit, leasable) = (random.Next(1, 4), model.Leasable(Now).ToList());
                    var taken = await LeaseAsync(limit);
                    taken.Should().HaveCount(Math.Min(limit, leasable.Count));
                    taken.Select(lease => lease.Entry.Id).Should().BeSubsetOf(leasable);
                    foreach (var lease in taken) model.Lease(lease);
                    leases.AddRange(taken);
                    break;
                case 5 or 6 or 7 when leases.Count > 0:
                    var ended = leases[random.Next(leases.Count)];
                    var results = ended.Entry.Recipients.Where(_ => random.Next(3) > 0)
                        .Select(r => new RecipientResult(r.Recipient.Address, (RecipientState)random.Next(7), $"result {i}")).ToList();
                    QueueEntry[] successors = random.Next(5) == 0 ? [RandomEntry(random)] : [];
                    var next = Now + TimeSpan.FromSeconds(random.Next(60));
                    (await Queue.CompleteAsync(ended, results, next, successors, default)).Should().Be(model.Complete(ended, results, next, successors));
                    break;
                case 8:
                    (await Queue.HoldAsync(new QueueFilter { Recipient = "a" }, "model", default)).Should().BeEquivalentTo(model.Hold("a", Now));
                    (await Queue.ReleaseAsync(new QueueFilter { Recipient = "c" }, default)).Should().BeEquivalentTo(model.Release("c", Now));
                    break;
                case 9:
                    var filter = new QueueFilter { AcceptedBefore = Now - (5 * Minute) };
                    (await Queue.DiscardAsync(filter, "old", default)).Should().BeEquivalentTo(model.Discard(filter.AcceptedBefore.Value, Now));
                    break;
                default:
                    break;
            }
            if (i % 50 == 49) Queue = await CrashAsync();
            var ledger = await Queue.LedgerAsync(default);
            ledger.Unaccounted.Should().Be(0);
            (ledger.Accepted, ledger.Open).Should().Be((model.Accepted, model.Open));
            ledger.Closed.Where(account => account.Value != 0).Should().BeEquivalentTo(model.Closed);
        }
        var states = (await Queue.BrowseAsync(new QueueFilter(), null, 1_000, default)).Select(entry => $"{entry.Id} {string.Join(' ', entry.Recipients.Select(r => r.State))}");
        states.Should().BeEquivalentTo(model.States());
    }

    private QueueEntry RandomEntry(Random random)
        => Entry([.. Enumerable.Range(0, random.Next(1, 4)).Select(i => $"{(char)('a' + i)}@x.test")]) with { NextAttemptAt = Now + TimeSpan.FromSeconds(random.Next(30)) };
}
