using Merpati.QueueWork;
using Merpati.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Merpati.Delivery.Local;

/// <summary>Works the local queue.</summary>
internal sealed class LocalDelivery(IMailQueue queue, IQueueBell bell, DeliverToMailbox deliver, IOptions<DeliveryOptions> options, TimeProvider time, ILogger<LocalDelivery> logger)
    : QueueWorker(QueueRoute.Local, options.Value.ToWorkerSettings(), queue, bell, time, logger)
{
    protected override ValueTask AttemptAsync(LeaseHolder lease, CancellationToken cancellationToken) => deliver.RunAsync(lease, cancellationToken);
}
