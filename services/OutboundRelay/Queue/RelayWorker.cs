using Merpati.QueueWork;
using Merpati.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Merpati.OutboundRelay.Queue;

/// <summary>
/// Works the relay queue: takes turns over destinations and senders, and leaves aside what waits for a server that does not answer. Half of the places at least are for destinations that are
/// known to be well, so that those who may be dead, however many, do not hold up the living.
/// </summary>
internal sealed class RelayWorker(IMailQueue queue, IQueueBell bell, DestinationGates gates, RelayAttempt attempt, IOptions<OutboundRelayOptions> options, TimeProvider time, ILogger<RelayWorker> logger)
    : QueueWorker(QueueRoute.Relay, options.Value.ToWorkerSettings(), queue, bell, time, logger)
{
    private readonly OutboundRelayOptions _options = options.Value;
    private readonly TimeProvider _time = time;
    private readonly int _placesForUnknown = Math.Max(1, options.Value.Concurrency / 2);
    private IReadOnlySet<string> _passedOver = System.Collections.Frozen.FrozenSet<string>.Empty;
    private volatile bool _unknownPassedOver;

    /// <summary>No destination and no sender gets all the places that are free: whoever has little to send does not wait for those who have much.</summary>
    protected override LeaseWish Wish(int free)
    {
        _passedOver = gates.Full();
        var well = gates.Well();
        var unknown = Math.Max(0, _placesForUnknown - InPlaces.Count(entry => entry.Destination is null || !well.ContainsKey(entry.Destination)));
        _unknownPassedOver = unknown < free;
        return new LeaseWish(free, _options.Gates.InitialConcurrency, Math.Max(_options.Gates.InitialConcurrency, free / 4), _passedOver) { WellKnown = well, MostUnknown = unknown };
    }

    protected override async ValueTask AttemptAsync(LeaseHolder lease, CancellationToken cancellationToken)
    {
        var destination = lease.Current.Entry.Destination;
        var unknown = destination is null || !gates.IsWell(destination);
        var running = attempt.RunAsync(lease, cancellationToken).AsTask();
        using (var enough = new CancellationTokenSource())
        {
            // Who has shown nothing yet holds a place for a shorter time.
            var patience = unknown ? _options.ParkAfter / 8 : _options.ParkAfter;
            if (await Task.WhenAny(running, Task.Delay(patience, _time, enough.Token)) != running && Park(lease) && unknown && _unknownPassedOver) Wake();
            await enough.CancelAsync();
        }
        try { await running; }
        finally
        {
            // There is a place again for its destination, or for one that is as little known: there may be mail that was passed over for that.
            if ((unknown && _unknownPassedOver) || (destination is not null && _passedOver.Contains(destination) && !gates.Of(destination).IsFull)) Wake();
        }
    }
}
