using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Merpati.Platform.Health;

/// <summary>Something that a service cannot do its work without: its database, a peer.</summary>
/// <param name="Name">As a sentence begins with it: "MongoDB", "UserDirectory".</param>
/// <param name="CheckAsync">Returns when it serves, and throws when it does not; the message says why. A wrong configuration is a <see cref="Hosting.ConfigurationException"/>, which ends the process.</param>
public sealed record Dependency(string Name, Func<CancellationToken, ValueTask> CheckAsync);

/// <summary>
/// Holds a service back until all that it needs has been there once, so that services may be started in any order; after that looks on and tells
/// <see cref="Readiness"/>. To be registered before the hosted services that work, and after the HTTP server, which answers the probes meanwhile.
/// </summary>
public sealed class Dependencies(IEnumerable<Dependency> dependencies, Readiness readiness, TimeProvider time, ILogger<Dependencies> logger) : IHostedService, IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>The first time a store may have to make its indexes.</summary>
    private static readonly TimeSpan PatienceAtStart = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LookAgainAtStart = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(5);

    private readonly Dependency[] _dependencies = [.. dependencies];
    private readonly HashSet<string> _missing = [];
    private readonly CancellationTokenSource _stopping = new();
    private Task _watching = Task.CompletedTask;
    private bool _started;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        while (!await CheckAllAsync(cancellationToken)) await Task.Delay(LookAgainAtStart, time, cancellationToken);
        _started = true;
        _watching = WatchAsync(_stopping.Token);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await _watching;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);
        _stopping.Dispose();
    }

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(LookAgain, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken)) await CheckAllAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested) { }
    }

    private async ValueTask<bool> CheckAllAsync(CancellationToken cancellationToken)
    {
        var found = await Task.WhenAll(_dependencies.Select(dependency => CheckAsync(dependency, cancellationToken)));
        for (var i = 0; i < found.Length; i++) Tell(_dependencies[i].Name, found[i]);
        return found.All(problem => problem is null);
    }

    /// <summary>What is wrong with it; null for nothing.</summary>
    private async Task<string?> CheckAsync(Dependency dependency, CancellationToken cancellationToken)
    {
        var patience = _started ? Patience : PatienceAtStart;
        using var timer = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            await dependency.CheckAsync(either.Token).AsTask().WaitAsync(either.Token);
            return null;
        }
        catch (Hosting.ConfigurationException) when (!_started) { throw; }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested) { throw; }
        catch (OperationCanceledException) { return $"it did not answer within {patience.TotalSeconds:0} s"; }
#pragma warning disable CA1031 // Whatever a client library throws: the peer is not there, and the reason is told.
        catch (Exception e) { return e.Message.ReplaceLineEndings(" "); }
#pragma warning restore CA1031
    }

    /// <summary>A change is logged once, and shows in /health/ready as long as it lasts.</summary>
    private void Tell(string name, string? problem)
    {
        if (problem is null)
        {
            readiness.Found(name);
            if (_missing.Remove(name)) HealthLog.Found(logger, name);
            return;
        }
        readiness.Missing(name, $"{name} is not there: {problem.TrimEnd('.')}.");
        if (_missing.Add(name)) HealthLog.Missing(logger, name, problem);
    }
}
