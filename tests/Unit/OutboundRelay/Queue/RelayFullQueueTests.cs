using System.Diagnostics;
using AwesomeAssertions;
using Merpati.OutboundRelay.Queue;
using Merpati.Storage;
using Merpati.TestKit.Smtp;
using Merpati.Timeline;
using Xunit;

namespace Merpati.Tests.Unit.OutboundRelay.Queue;

/// <summary>The disk of the queue is full, or its store refuses writes: at the lease, at the intent, and when the next hop has the message already.</summary>
public sealed class RelayFullQueueTests
{
    private const string Bob = "bob@remote.test";

    private static readonly StoreFullException Full = new("queue");

    [Fact]
    public async Task What_the_next_hop_took_while_the_queue_is_full_is_sent_once_and_recorded_when_there_is_room()
    {
        RelayFixture? fixture = null;
        var ends = 0;
        await using var f = RelayFixture.With(command =>
        {
            if (command.Is(ScriptedSmtpServer.EndOfText) && Interlocked.Increment(ref ends) == 3) fixture!.Queue.Outage = Full;
            return null;
        });
        fixture = f;
        for (var i = 0; i < 6; i++) await f.EnqueueAsync(Bob, entry => entry with { Priority = -i });
        using var worker = f.Worker();
        await worker.StartAsync(default);
        await UntilAsync(f, () => f.Queue.Outage is not null);
        // Long enough that its lease has run out: who takes the entry again must not send it again.
        await PassAsync(f, TimeSpan.FromMinutes(20));
        var (asked, sent) = (f.Queue.Asked, f.Server.Messages.Count);
        await PassAsync(f, TimeSpan.FromMinutes(10));
        (f.Queue.Asked - asked).Should().BeLessThan(100, "a queue without room is not asked without end");
        f.Server.Messages.Should().HaveCount(sent);

        f.Queue.Outage = null;
        await UntilAsync(f, () => f.Queue.Entries.Count == 0);
        await StopAsync(f, worker);
        f.Server.Messages.Should().HaveCount(6, "none is lost, and none comes twice");
        (await f.LedgerAsync()).Closed[RecipientState.Relayed].Should().Be(6);
    }

    [Fact]
    public async Task What_the_next_hop_took_before_we_died_with_a_full_queue_comes_twice_and_that_is_said()
    {
        RelayFixture? fixture = null;
        var ends = 0;
        await using var f = RelayFixture.With(command =>
        {
            if (command.Is(ScriptedSmtpServer.EndOfText) && Interlocked.Increment(ref ends) == 1) fixture!.Queue.Outage = Full;
            return null;
        });
        fixture = f;
        var entry = await f.EnqueueAsync(Bob);
        using (var dead = new CancellationTokenSource())
        {
            // It tries to write the result until it dies, which it does here by being forgotten.
            _ = f.AttemptAsync(dead.Token);
            await UntilAsync(f, () => f.Server.Messages.Count == 1);
        }
        await PassAsync(f, TimeSpan.FromMinutes(4));
        // Another process, after the disk was mended; the dead one's clock stands still for good.
        f.Queue.Outage = null;
        var lease = (await f.Queue.LeaseAsync(QueueRoute.Relay, "other", LeaseWish.UpTo(1), TimeSpan.FromMinutes(3), default)).Single();
        lease.Entry.Recipients[0].Intent!.Host.Should().Be("mx.remote.test");
        await f.Get<RelayAttempt>().RunAsync(new Merpati.QueueWork.LeaseHolder(lease), default);
        f.Server.Messages.Should().HaveCount(2);
        f.Timeline(entry, TimelineStep.Attempted).Should().Contain(step => step.StartsWith("<bob@remote.test>: may be a double", StringComparison.Ordinal));
        (await f.LedgerAsync()).Closed[RecipientState.Relayed].Should().Be(1);
    }

    [Fact]
    public async Task Without_a_durable_intent_nothing_is_sent_to_its_end()
    {
        await using var f = RelayFixture.With();
        f.Queue.FailIntents = Full;
        for (var i = 0; i < 50; i++) await f.EnqueueAsync(Bob);
        using var worker = f.Worker();
        await worker.StartAsync(default);
        await UntilAsync(f, () => f.Queue.Entries.All(entry => entry.Recipients[0].Detail is not null));
        var asked = f.Queue.Asked;
        await PassAsync(f, TimeSpan.FromMinutes(2));
        (f.Queue.Asked - asked).Should().BeLessThan(200);
        f.Server.Commands.Should().NotContain(command => command.Is(ScriptedSmtpServer.EndOfText));
        f.Server.Messages.Should().BeEmpty();
        f.Queue.Entries.Should().OnlyContain(entry => entry.Recipients[0].Detail == "4.3.1 The mail system is full");

        f.Queue.FailIntents = null;
        await UntilAsync(f, () => f.Queue.Entries.Count == 0);
        await StopAsync(f, worker);
        f.Server.Messages.Should().HaveCount(50);
    }

    [Fact]
    public async Task A_queue_that_cannot_be_leased_from_is_asked_ever_more_rarely()
    {
        await using var f = RelayFixture.With();
        f.Queue.Outage = Full;
        await f.EnqueueAsync(Bob);
        using var worker = f.Worker();
        await worker.StartAsync(default);
        await UntilAsync(f, () => f.Queue.Asked > 3);
        var asked = f.Queue.Asked;
        await PassAsync(f, TimeSpan.FromMinutes(10));
        (f.Queue.Asked - asked).Should().BeInRange(1, 100);
        f.Queue.Outage = null;
        await UntilAsync(f, () => f.Server.Messages.Count == 1);
        await StopAsync(f, worker);
    }

    private static async Task StopAsync(RelayFixture f, RelayWorker worker)
    {
        var stopping = worker.StopAsync(default);
        await UntilAsync(f, () => stopping.IsCompleted);
        await stopping;
    }

    /// <summary>Moves the clock, by less than the patience of the client at once.</summary>
    private static async Task PassAsync(RelayFixture f, TimeSpan time)
    {
        for (var end = f.Time.GetUtcNow() + time; f.Time.GetUtcNow() < end; await Task.Delay(1)) f.Time.Advance(TimeSpan.FromSeconds(2));
    }

    private static async Task UntilAsync(RelayFixture f, Func<bool> condition)
    {
        for (var started = Stopwatch.GetTimestamp(); !condition(); await Task.Delay(2))
        {
            if (Stopwatch.GetElapsedTime(started) > TimeSpan.FromSeconds(60)) throw new TimeoutException();
            f.Time.Advance(TimeSpan.FromMilliseconds(500));
        }
    }
}
