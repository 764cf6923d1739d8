using AwesomeAssertions;
using Merpati.OutboundRelay.Queue;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Merpati.Tests.Unit.OutboundRelay.Queue;

/// <summary>How many attempts run at once for a destination, and when it is left alone.</summary>
public sealed class DestinationGateTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2027, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly GateOptions _options = new();
    private readonly DestinationGate _gate;

    public DestinationGateTests() => _gate = new DestinationGate(_options, _options.MaxConcurrency, rate: null, _time);

    [Fact]
    public async Task Five_may_run_at_once_and_the_sixth_waits_for_one_to_end()
    {
        for (var i = 0; i < 5; i++) (await _gate.EnterAsync(null, default)).Should().BeNull();
        _gate.IsFull.Should().BeTrue();
        var sixth = _gate.EnterAsync(null, default).AsTask();
        sixth.IsCompleted.Should().BeFalse();
        _gate.Leave(GateFeedback.None, null);
        (await sixth).Should().BeNull();
        _gate.Running.Should().Be(5);
    }

    [Fact]
    public async Task What_goes_well_opens_the_gate_to_twenty_and_no_further()
    {
        for (var i = 0; i < 1000; i++)
        {
            await _gate.EnterAsync(null, default);
            _gate.Leave(GateFeedback.Good, null);
        }
        _gate.Limit.Should().Be(20);
    }

    [Fact]
    public async Task Where_it_goes_well_half_as_many_wait_to_follow_at_once()
    {
        for (var i = 0; i < 1000; i++)
        {
            await _gate.EnterAsync(null, default);
            _gate.Leave(GateFeedback.Good, null);
        }
        var entered = new List<Task<string?>>();
        while (!_gate.IsFull) entered.Add(_gate.EnterAsync(null, default).AsTask());
        entered.Should().HaveCount(30);
        _gate.Running.Should().Be(20);
    }

    [Fact]
    public async Task As_many_failures_in_a_row_as_ran_at_once_close_it_and_all_who_wait_are_told_why()
    {
        for (var i = 0; i < 5; i++) await _gate.EnterAsync(null, default);
        var waiting = Enumerable.Range(0, 3).Select(_ => _gate.EnterAsync(null, default).AsTask()).ToList();
        // Those that are let in by the first failures fail as well.
        while (_gate.RestsUntil is null) _gate.Leave(GateFeedback.Bad, "450 4.4.1 nobody there");
        (await Task.WhenAll(waiting)).Where(told => told is not null).Should().AllBe("450 4.4.1 nobody there");
        (await _gate.EnterAsync(null, default)).Should().Be("450 4.4.1 nobody there");
        _gate.IsFull.Should().BeFalse("what comes is sent back at once");
    }

    [Fact]
    public async Task After_the_rest_one_goes_ahead_and_if_it_fails_the_rest_is_longer()
    {
        await CloseAsync();
        var first = _gate.RestsUntil!.Value - _time.GetUtcNow();
        _time.Advance(first);
        (await _gate.EnterAsync(null, default)).Should().BeNull();
        _gate.IsFull.Should().BeTrue("there is one probe");
        _gate.Leave(GateFeedback.Bad, "still nobody");
        (_gate.RestsUntil!.Value - _time.GetUtcNow()).Should().BeGreaterThan(first * 1.5);
    }

    [Fact]
    public async Task After_a_probe_that_came_through_it_is_as_if_nothing_had_been()
    {
        await CloseAsync();
        _time.Advance(_options.LongestRest);
        await _gate.EnterAsync(null, default);
        _gate.Leave(GateFeedback.Good, null);
        _gate.Limit.Should().Be(5);
        _gate.IsForgettable.Should().BeTrue();
    }

    [Fact]
    public async Task A_success_among_failures_keeps_it_open()
    {
        for (var i = 0; i < 100; i++)
        {
            await _gate.EnterAsync(null, default);
            _gate.Leave(i % 2 == 0 ? GateFeedback.Bad : GateFeedback.Good, "now and then");
        }
        _gate.RestsUntil.Should().BeNull();
    }

    [Fact]
    public async Task A_clock_that_is_set_back_a_day_does_not_close_it_for_a_day()
    {
        await CloseAsync();
        var gate = new DestinationGate(_options, 20, null, _time);
        _time.AdjustTime(_time.GetUtcNow().AddDays(1));
        for (var i = 0; i < 5; i++) await gate.EnterAsync(null, default);
        while (gate.RestsUntil is null) gate.Leave(GateFeedback.Bad, "nobody");
        _time.AdjustTime(_time.GetUtcNow().AddDays(-1));
        gate.RestsUntil.Should().BeNull();
    }

    [Fact]
    public async Task Whoever_gives_up_waiting_takes_no_place()
    {
        for (var i = 0; i < 5; i++) await _gate.EnterAsync(null, default);
        using var patience = new CancellationTokenSource();
        var sixth = _gate.EnterAsync(null, patience.Token).AsTask();
        await patience.CancelAsync();
        await sixth.Invoking(task => task).Should().ThrowAsync<OperationCanceledException>();
        for (var i = 0; i < 5; i++) _gate.Leave(GateFeedback.None, null);
        _gate.Running.Should().Be(0);
    }

    private async Task CloseAsync()
    {
        while (_gate.RestsUntil is null)
        {
            await _gate.EnterAsync(null, default);
            _gate.Leave(GateFeedback.Bad, "nobody");
        }
    }
}
