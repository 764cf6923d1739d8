using AwesomeAssertions;
using Merpati.Delivery.Local;
using Merpati.Storage;
using Xunit;

namespace Merpati.Tests.Unit.Delivery;

/// <summary>The service around the attempts: bell, due times, leases, shutdown.</summary>
public sealed class LocalDeliveryTests
{
    private const string Bob = "bob@remote.test";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly DeliveryFixture _f = new();

    [Fact]
    public async Task Delivers_what_is_there_at_start_and_what_the_bell_announces()
    {
        _f.Account("ann@example.test");
        await _f.EnqueueAsync(Bob, "ann@example.test");
        using var service = _f.Service();
        await service.StartAsync(default);
        await UntilAsync(() => _f.Mailboxes.Messages.Count == 1);
        for (var i = 0; i < 300; i++) await _f.EnqueueAsync(Bob, "ann@example.test");
        _f.Bell.Ring(QueueRoute.Local);
        await UntilAsync(() => _f.Queue.Entries.Count == 0);
        await service.StopAsync(default);
        _f.Mailboxes.Messages.Should().HaveCount(301);
        (await _f.LedgerAsync()).Closed[RecipientState.Delivered].Should().Be(301);
    }

    [Fact]
    public async Task A_lost_ring_costs_latency_and_no_mail()
    {
        _f.Account("ann@example.test");
        using var service = _f.Service();
        await service.StartAsync(default);
        await _f.EnqueueAsync(Bob, "ann@example.test");
        await UntilAsync(() => _f.Mailboxes.Messages.Count == 1, _f.Options.SweepInterval);
        await service.StopAsync(default);
    }

    [Fact]
    public async Task The_entries_of_a_worker_that_died_are_taken_over_when_its_leases_expire()
    {
        _f.Account("ann@example.test");
        await _f.EnqueueAsync(Bob, "ann@example.test");
        await _f.Queue.LeaseAsync(QueueRoute.Local, "dead", LeaseWish.UpTo(10), _f.Options.LeaseDuration, default);
        using var service = _f.Service();
        await service.StartAsync(default);
        await UntilAsync(() => _f.Mailboxes.Messages.Count == 1, TimeSpan.FromSeconds(1));
        _f.Time.GetUtcNow().Should().BeOnOrAfter(new DateTimeOffset(2027, 1, 1, 0, 1, 0, TimeSpan.Zero));
        await service.StopAsync(default);
    }

    [Fact]
    public async Task A_queue_that_is_away_for_a_while_is_asked_again()
    {
        _f.Account("ann@example.test");
        await _f.EnqueueAsync(Bob, "ann@example.test");
        _f.Queue.FailNext = new StoreUnavailableException("queue", "away");
        using var service = _f.Service();
        await service.StartAsync(default);
        await UntilAsync(() => _f.Mailboxes.Messages.Count == 1, TimeSpan.FromSeconds(1));
        await service.StopAsync(default);
    }

    [Fact]
    public async Task Long_work_keeps_its_lease()
    {
        _f.Account("ann@example.test");
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var waiting = 0;
        _f.Mailboxes.Gate = () => { Interlocked.Increment(ref waiting); return gate.Task; };
        await _f.EnqueueAsync(Bob, "ann@example.test");
        using var service = _f.Service();
        await service.StartAsync(default);
        await UntilAsync(() => Volatile.Read(ref waiting) == 1);
        for (var i = 0; i < 20; i++)
        {
            var due = (await _f.Queue.NextDueAsync(QueueRoute.Local, default))!.Value;
            _f.Time.Advance(_f.Options.LeaseDuration / 4);
            if (_f.Time.GetUtcNow() + _f.Options.LeaseDuration / 2 < due) continue;
            await UntilAsync(async () => await _f.Queue.NextDueAsync(QueueRoute.Local, default) > due);
        }
        gate.SetResult();
        await UntilAsync(() => _f.Queue.Entries.Count == 0);
        await service.StopAsync(default);
        waiting.Should().Be(1, "nobody else took it");
    }

    [Fact]
    public async Task Shutdown_lets_run_what_runs()
    {
        _f.Account("ann@example.test");
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var waiting = 0;
        _f.Mailboxes.Gate = () => { Interlocked.Increment(ref waiting); return gate.Task; };
        await _f.EnqueueAsync(Bob, "ann@example.test");
        using var service = _f.Service();
        await service.StartAsync(default);
        await UntilAsync(() => Volatile.Read(ref waiting) == 1);
        var stopping = service.StopAsync(default);
        stopping.IsCompleted.Should().BeFalse();
        gate.SetResult();
        await stopping.WaitAsync(Patience);
        _f.Queue.Entries.Should().BeEmpty();
    }

    [Fact]
    public async Task Shutdown_gives_back_the_leases_of_what_does_not_end()
    {
        _f.Account("ann@example.test");
        var waiting = 0;
        _f.Mailboxes.Gate = () => { Interlocked.Increment(ref waiting); return new TaskCompletionSource().Task; };
        await _f.EnqueueAsync(Bob, "ann@example.test");
        using var service = _f.Service();
        await service.StartAsync(default);
        await UntilAsync(() => Volatile.Read(ref waiting) == 1);
        var stopping = service.StopAsync(default);
        await UntilAsync(() => stopping.IsCompleted, _f.Options.ShutdownGrace);
        (await _f.Queue.NextDueAsync(QueueRoute.Local, default)).Should().BeOnOrBefore(_f.Time.GetUtcNow(), "it is due at once");
        (await _f.LedgerAsync()).Open.Should().Be(1);
    }

    /// <summary>Waits for a condition; moves the clock by <paramref name="step"/> while it does not hold.</summary>
    private Task UntilAsync(Func<bool> condition, TimeSpan step = default) => UntilAsync(() => Task.FromResult(condition()), step);

    private async Task UntilAsync(Func<Task<bool>> condition, TimeSpan step = default)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!await condition())
        {
            if (step > TimeSpan.Zero) _f.Time.Advance(step);
            await Task.Delay(5, patience.Token);
        }
    }
}
