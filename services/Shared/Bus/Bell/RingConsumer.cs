using MassTransit;
using Merpati.Platform.Bus;
using Merpati.Storage;
using Microsoft.Extensions.Options;

namespace Merpati.Bus.Bell;

/// <summary>
/// Hands rings to this process's worker, one at a time. The ring counts as taken when the worker has heard it, so that the broker gives the next one to a
/// worker that is free; one that is not heard for a while is passed on.
/// </summary>
internal sealed class RingConsumer(LocalQueueBell local, BusQueueBell bell, IOptions<BusOptions> options, TimeProvider time, BusMetrics metrics) : IConsumer<MessageQueued>
{
    public async Task Consume(ConsumeContext<MessageQueued> context)
    {
        metrics.Received(nameof(MessageQueued));
        if (!Enum.TryParse<QueueRoute>(context.Message.Route, ignoreCase: true, out var route) || !Enum.IsDefined(route))
            throw new InvalidDataException($"'{context.Message.Route}' is no route.");
        using var activity = BusTelemetry.StartReceive(nameof(MessageQueued), context.Message.TraceParent);
        using var timer = new CancellationTokenSource(options.Value.RingHold, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, context.CancellationToken);
        try { await local.RingUntilHeardAsync(route, either.Token); }
        catch (OperationCanceledException) { bell.PassOn(route, context.Message.TraceParent); }
    }
}
