using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using AwesomeAssertions;
using Merpati.Bus;
using Merpati.Bus.Publishing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Merpati.Tests.Unit.Bus;

public sealed class NewestEventTests : IAsyncLifetime
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly FakeTimeProvider _time = new();
    private readonly ServiceProvider _metrics = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<string> _sent = new();
    private readonly NewestEvent<string> _event;
    private Func<CancellationToken, Task> _broker = static _ => Task.CompletedTask;
    private int _tries;
    private Task _running = Task.CompletedTask;

    public NewestEventTests()
        => _event = new NewestEvent<string>(Interval, SendAsync, new BusOptions(), _time, new BusMetrics(_metrics.GetRequiredService<IMeterFactory>()), NullLogger.Instance);

    public Task InitializeAsync()
    {
        _running = _event.RunAsync(_stop.Token);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
        await _metrics.DisposeAsync();
    }

    [Fact]
    public async Task A_quiet_event_goes_at_once()
    {
        _event.Post("first");
        await UntilAsync(() => _sent.Count == 1);
        _sent.Should().Equal("first");
    }

    [Fact]
    public async Task What_comes_while_one_is_on_its_way_becomes_one_and_is_the_newest()
    {
        var confirmed = new TaskCompletionSource();
        _broker = _ => confirmed.Task;
        _event.Post("first");
        await UntilAsync(() => _tries == 1);
        for (var i = 0; i < 1000; i++) _event.Post($"later {i}");
        _tries.Should().Be(1, "one is on its way, and no second");
        confirmed.SetResult();
        await UntilAsync(() => _sent.Count == 1);
        await AdvanceUntilAsync(() => _sent.Count == 2);
        _sent.Should().Equal("first", "later 999");
    }

    [Fact]
    public async Task While_the_broker_is_away_the_newest_waits()
    {
        _broker = static _ => throw new IOException("away");
        _event.Post("first");
        await AdvanceUntilAsync(() => _tries >= 3);
        _event.Post("second");
        _broker = static _ => Task.CompletedTask;
        await AdvanceUntilAsync(() => !_sent.IsEmpty);
        _sent.First().Should().Be("second");
    }

    [Fact]
    public async Task A_send_that_hangs_has_failed_and_is_tried_again()
    {
        _broker = static token => Task.Delay(Timeout.Infinite, token);
        _event.Post("first");
        await AdvanceUntilAsync(() => _tries >= 2);
        _broker = static _ => Task.CompletedTask;
        await AdvanceUntilAsync(() => _sent.Count == 1);
    }

    [Fact]
    public void Nobody_who_posts_waits()
    {
        _broker = static _ => new TaskCompletionSource().Task;
        for (var i = 0; i < 1_000_000; i++) _event.Post("ring");
    }

    private async Task SendAsync(string message, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _tries);
        await _broker(cancellationToken);
        _sent.Enqueue(message);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (var i = 0; i < 30_000 && !condition(); i++) await Task.Delay(1);
        condition().Should().BeTrue();
    }

    private async Task AdvanceUntilAsync(Func<bool> condition)
    {
        for (var i = 0; i < 30_000 && !condition(); i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(1);
        }
        condition().Should().BeTrue();
    }
}
