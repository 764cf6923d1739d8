using System.Diagnostics;
using MassTransit;
using Merpati.Accounts;
using Merpati.Bus.Publishing;
using Merpati.Platform.Bus;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Merpati.Bus.Directory;

/// <summary>Changes of the directory, to every process: each has a queue of its own, which goes with it.</summary>
internal sealed class BusDirectoryChangeFeed(LocalDirectoryChangeFeed local, IBus bus, IOptions<BusOptions> options, TimeProvider time, BusMetrics metrics, ILogger<BusDirectoryChangeFeed> logger)
    : BackgroundService, IDirectoryChangeFeed
{
    private readonly NewestEvent<DirectoryChanged> _event = new(TimeSpan.Zero, bus.Publish, options.Value, time, metrics, logger);

    public IDisposable Subscribe(Action onChange) => local.Subscribe(onChange);

    public void Announce()
    {
        local.Announce();
        _event.Post(new DirectoryChanged(Activity.Current?.Id));
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => _event.RunAsync(stoppingToken);
}

/// <summary>Tells this process; also when it comes back to the broker, as it may have missed changes.</summary>
internal sealed class DirectoryChangedConsumer(LocalDirectoryChangeFeed local, BusMetrics metrics) : IConsumer<DirectoryChanged>
{
    public Task Consume(ConsumeContext<DirectoryChanged> context)
    {
        using var activity = BusTelemetry.StartReceive(nameof(DirectoryChanged), context.Message.TraceParent);
        metrics.Received(nameof(DirectoryChanged));
        local.Announce();
        return Task.CompletedTask;
    }
}
