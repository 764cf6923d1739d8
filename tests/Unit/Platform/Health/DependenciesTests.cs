using AwesomeAssertions;
using Merpati.Platform.Health;
using Merpati.Platform.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Merpati.Tests.Unit.Platform.Health;

public sealed class DependenciesTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly Readiness _readiness = new();
    private string? _problem = "it refused the connection";

    [Fact]
    public async Task A_start_waits_for_what_it_needs_and_says_so()
    {
        await using var dependencies = Watch(Database);
        var start = dependencies.StartAsync(default);
        await AdvanceUntilAsync(() => _readiness.Reason?.Contains("MongoDB is not there: it refused the connection.", StringComparison.Ordinal) == true);
        start.IsCompleted.Should().BeFalse();
        _problem = null;
        await AdvanceUntilAsync(() => start.IsCompleted);
        await start;
        _readiness.Ready();
        _readiness.Reason.Should().BeNull();
    }

    [Fact]
    public async Task What_goes_away_later_shows_until_it_is_back()
    {
        _problem = null;
        await using var dependencies = Watch(Database);
        await dependencies.StartAsync(default);
        _readiness.Ready();
        _problem = "it is in pieces";
        await AdvanceUntilAsync(() => _readiness.Reason == "MongoDB is not there: it is in pieces.");
        _problem = null;
        await AdvanceUntilAsync(() => _readiness.Reason is null);
    }

    [Fact]
    public async Task One_that_does_not_answer_is_not_there()
    {
        await using var dependencies = Watch(new Dependency("UserDirectory", async token => await Task.Delay(Timeout.Infinite, token)));
        using var stop = new CancellationTokenSource();
        var start = dependencies.StartAsync(stop.Token);
        await AdvanceUntilAsync(() => _readiness.Reason?.Contains("UserDirectory is not there: it did not answer within", StringComparison.Ordinal) == true);
        await stop.CancelAsync();
        await FluentActions.Awaiting(() => start).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task A_wrong_configuration_ends_the_start()
    {
        await using var dependencies = Watch(new Dependency("MongoDB", _ => throw new ConfigurationException("The configuration key 'mongo:database' is wrong.")));
        await FluentActions.Awaiting(() => dependencies.StartAsync(default)).Should().ThrowAsync<ConfigurationException>();
    }

    private Dependency Database => new("MongoDB", _ => _problem is null ? ValueTask.CompletedTask : throw new IOException(_problem));

    private Dependencies Watch(params Dependency[] dependencies) => new(dependencies, _readiness, _time, NullLogger<Dependencies>.Instance);

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
