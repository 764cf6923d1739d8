using System.Diagnostics;
using MassTransit;
using Merpati.Bus.Publishing;
using Merpati.Platform.Bus;
using Merpati.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Merpati.Bus.Bell;

/// <summary>
/// The bell between processes. A ring goes to the workers of this process at once, and over the bus to one of all workers of the route, whoever is free.
/// A rush of rings becomes few events; a ring that got lost costs latency, as every worker also sweeps.
/// </summary>
internal sealed class BusQueueBell : BackgroundService, IQueueBell
{
    private readonly LocalQueueBell _local;
    private readonly NewestEvent<MessageQueued>[] _events;

    public BusQueueBell(LocalQueueBell local, IBus bus, IOptions<BusOptions> options, TimeProvider time, BusMetrics metrics, ILogger<BusQueueBell> logger)
    {
        _local = local;
        _events = [.. Enum.GetValues<QueueRoute>().Select(_ => new NewestEvent<MessageQueued>(options.Value.RingInterval, bus.Publish, options.Value, time, metrics, logger))];
    }

    public void Ring(QueueRoute route)
    {
        _local.Ring(route);
        PassOn(route, Activity.Current?.Id);
    }

    /// <summary>Rings elsewhere.</summary>
    public void PassOn(QueueRoute route, string? traceParent) => _events[(int)route].Post(new MessageQueued(BusTopology.Word(route), traceParent));

    public ValueTask WaitAsync(QueueRoute route, DateTimeOffset? until, CancellationToken cancellationToken) => _local.WaitAsync(route, until, cancellationToken);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(_events.Select(@event => @event.RunAsync(stoppingToken)));
}
