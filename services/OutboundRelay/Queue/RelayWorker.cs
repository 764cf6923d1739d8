using Merpati.QueueWork;
using Merpati.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Merpati.OutboundRelay.Queue;

/// <summary>Works the relay queue: takes turns over destinations and senders, and leaves aside what waits for a server that does not answer.</summary>
internal sealed class RelayWorker(IMailQueue queue, IQueueBell bell, DestinationGates gates, RelayAttempt attempt, IOptions<OutboundRelayOptions> options, TimeProvider time, ILogger<RelayWorker> logger)
    : QueueWorker(QueueRoute.Relay, options.Value.ToWorkerSettings(), queue, bell, time, logger)
{
    private readonly OutboundRelayOptions _options = options.Value;
    private readonly TimeProvider _time = time;
    private IReadOnlySet<string> _passedOver = System.Collections.Frozen.FrozenSet<string>.Empty;

    /// <summary>No destination and no sender gets all the places that are free: whoever has little to send does not wait for those who have much.</summary>
    protected override LeaseWish Wish(int free)
    {
        _passedOver = gates.Full();
        return new LeaseWish(free, _options.Gates.InitialConcurrency, Math.Max(_options.Gates.InitialConcurrency, free / 4), _passedOver);
    }

    protected override async ValueTask AttemptAsync(LeaseHolder lease, CancellationToken cancellationToken)
    {
        var running = attempt.RunAsync(lease, cancellationToken).AsTask();
        using var enough = new CancellationTokenSource();
        if (await Task.WhenAny(running, Task.Delay(_options.ParkAfter, _time, enough.Token)) != running) Park(lease);
        await enough.CancelAsync();
        try { await running; }
        finally
        {
            // Its destination has a place again: there may be mail that was passed over for that.
            if (lease.Current.Entry.Destination is { } destination && _passedOver.Contains(destination) && !gates.Of(destination).IsFull) Wake();
        }
    }
}
