using System.Diagnostics;
using AwesomeAssertions;
using Merpati.Storage;
using Merpati.TestKit.Smtp;
using Xunit;

namespace Merpati.Tests.Unit.OutboundRelay.Queue;

/// <summary>The worker around the attempts: turns over destinations, and what waits for a server that does not answer.</summary>
public sealed class RelayWorkerTests
{
    [Fact]
    public async Task A_long_row_for_one_destination_does_not_hold_up_another_one()
    {
        await using var f = RelayFixture.With(command => command.Is("RCPT TO:<slow") ? ScriptedAnswer.Silence : null, keys =>
        {
            keys["outboundRelay:concurrency"] = "8";
            keys["outboundRelay:leaseBatch"] = "8";
            keys["outboundRelay:shutdownGrace"] = "00:00:00";
        });
        for (var i = 0; i < 200; i++) await f.EnqueueAsync($"slow{i}@remote.test");
        for (var i = 0; i < 20; i++) await f.EnqueueAsync("bob@other.test");
        using var worker = f.Worker();
        await worker.StartAsync(default);
        await UntilAsync(f, () => f.Server.Messages.Count == 20);
        f.Server.OpenConnections.Should().BeLessThanOrEqualTo(8 + 5);
        await StopAsync(f, worker);
    }

    [Fact]
    public async Task What_waits_for_servers_that_do_not_answer_leaves_its_place_to_others()
    {
        await using var f = RelayFixture.With(command => command.Is("RCPT TO:<slow") ? ScriptedAnswer.Silence : null, keys =>
        {
            keys["outboundRelay:concurrency"] = "2";
            keys["outboundRelay:leaseBatch"] = "2";
            keys["outboundRelay:shutdownGrace"] = "00:00:00";
        });
        // All places are taken by those that wait, for two destinations.
        for (var i = 0; i < 5; i++) await f.EnqueueAsync($"slow{i}@remote.test");
        for (var i = 0; i < 5; i++) await f.EnqueueAsync($"slow{i}@sister.test");
        await f.EnqueueAsync("bob@other.test");
        using var worker = f.Worker();
        await worker.StartAsync(default);
        await UntilAsync(f, () => f.Server.Messages.Count == 1);
        await StopAsync(f, worker);
        (await f.LedgerAsync()).Open.Should().Be(10);
    }

    [Fact]
    public async Task A_destination_that_has_a_place_again_is_served_without_waiting_for_the_sweep()
    {
        await using var f = RelayFixture.With();
        for (var i = 0; i < 300; i++) await f.EnqueueAsync($"r{i}@remote.test");
        using var worker = f.Worker();
        var started = f.Time.GetUtcNow();
        await worker.StartAsync(default);
        await UntilAsync(f, () => f.Server.Messages.Count == 300, TimeSpan.FromMilliseconds(20));
        (f.Time.GetUtcNow() - started).Should().BeLessThan(TimeSpan.FromMinutes(2));
        await StopAsync(f, worker);
        (await f.LedgerAsync()).Closed[RecipientState.Relayed].Should().Be(300);
    }

    private static async Task StopAsync(RelayFixture f, Merpati.OutboundRelay.Queue.RelayWorker worker)
    {
        var stopping = worker.StopAsync(default);
        await UntilAsync(f, () => stopping.IsCompleted);
        await stopping;
    }

    /// <summary>Waits for a condition; moves the clock while it does not hold, by less than the patience of the client.</summary>
    private static async Task UntilAsync(RelayFixture f, Func<bool> condition, TimeSpan? step = null)
    {
        for (var started = Stopwatch.GetTimestamp(); !condition(); await Task.Delay(5))
        {
            if (Stopwatch.GetElapsedTime(started) > TimeSpan.FromSeconds(60)) throw new TimeoutException();
            if (f.Time.GetUtcNow() < RelayFixture.Start.AddMinutes(4)) f.Time.Advance(step ?? TimeSpan.FromMilliseconds(100));
        }
    }
}
