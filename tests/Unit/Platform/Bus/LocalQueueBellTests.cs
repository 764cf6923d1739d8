using AwesomeAssertions;
using Merpati.Platform.Bus;
using Merpati.Storage;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Merpati.Tests.Unit.Platform.Bus;

public sealed class LocalQueueBellTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly LocalQueueBell _bell;

    public LocalQueueBellTests() => _bell = new LocalQueueBell(_time);

    [Fact]
    public async Task Rings_while_nobody_waits_become_one()
    {
        for (var i = 0; i < 10; i++) _bell.Ring(QueueRoute.Local);
        await _bell.WaitAsync(QueueRoute.Local, null, default);
        _bell.WaitAsync(QueueRoute.Local, null, default).AsTask().IsCompleted.Should().BeFalse();
    }

    [Fact]
    public async Task Ends_at_the_time_given_and_no_later_wait_loses_a_ring()
    {
        var wait = _bell.WaitAsync(QueueRoute.Local, _time.GetUtcNow() + TimeSpan.FromSeconds(10), default).AsTask();
        _time.Advance(TimeSpan.FromSeconds(9));
        wait.IsCompleted.Should().BeFalse();
        _time.Advance(TimeSpan.FromSeconds(1));
        await wait.WaitAsync(TimeSpan.FromSeconds(10));

        wait = _bell.WaitAsync(QueueRoute.Local, _time.GetUtcNow() + TimeSpan.FromSeconds(10), default).AsTask();
        _bell.Ring(QueueRoute.Relay);
        wait.IsCompleted.Should().BeFalse("the routes have bells of their own");
        _bell.Ring(QueueRoute.Local);
        await wait.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_time_that_is_past_does_not_wait()
        => await _bell.WaitAsync(QueueRoute.Local, _time.GetUtcNow() - TimeSpan.FromSeconds(1), default);

    [Fact]
    public async Task Can_be_cancelled()
    {
        using var cancel = new CancellationTokenSource();
        var wait = _bell.WaitAsync(QueueRoute.Local, _time.GetUtcNow() + TimeSpan.FromHours(5), cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait);
    }
}
