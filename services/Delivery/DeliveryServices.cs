using Merpati.Delivery.Collection;
using Merpati.Delivery.Ledger;
using Merpati.Delivery.Local;
using Merpati.Delivery.Mailboxes;
using Merpati.Delivery.Quarantine;
using Merpati.Delivery.Reports;
using Merpati.Delivery.Routing;
using Merpati.Mailboxes;
using Merpati.Platform.Reports;
using Merpati.QueueWork;
using Merpati.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Merpati.Delivery;

public static class DeliveryServices
{
    /// <summary>
    /// Local delivery, the collector, the ledger's gauges, and <see cref="IMailboxes"/>. The host brings the stores
    /// (content, queue, shared records, mailboxes, journal), <see cref="Accounts.IDirectory"/>, <see cref="Relaying.ISuppressionList"/>, <see cref="Storage.IQueueBell"/> and <see cref="IMailboxChangeFeed"/>,
    /// and sets <c>Delivery:HostName</c>.
    /// </summary>
    public static IServiceCollection AddDelivery(this IServiceCollection services)
    {
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<DeliveryOptions>().BindConfiguration(DeliveryOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<DeliveryOptions>, DeliveryOptionsValidator>();
        services.AddSingleton<DeliveryMetrics>();

        services.TryAddSingleton<IQueuedHeaders, QueuedHeaders>();
        services.AddMailboxes();
        services.AddReportsToSenders(provider => provider.GetRequiredService<IOptions<DeliveryOptions>>().Value.HostName);
        services.AddSingleton<Redirects>();
        services.AddReceivedReports();
        // The relay of the same process has its own.
        services.AddSingleton(static provider => ActivatorUtilities.CreateInstance<ReadReports>(provider, provider.HardBounces(provider.GetRequiredService<IOptions<DeliveryOptions>>().Value.Suppress)));
        services.AddSingleton<DeliverToMailbox>();
        services.AddHostedService<LocalDelivery>();
        services.AddHostedService<Collector>();
        services.AddOwnMail();
        services.AddHostedService<QuarantineDigest>();
        services.AddHostedService<LedgerGauges>();
        return services;
    }
}
