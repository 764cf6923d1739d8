using Merpati.Accounts;
using Merpati.Platform.Classifier;
using Merpati.Platform.Dns;
using Merpati.Platform.Health;
using Merpati.Platform.Reports;
using Merpati.Platform.Sharing;
using Merpati.SmtpIngress.Acceptance;
using Merpati.SmtpIngress.Checks;
using Merpati.SmtpIngress.Door;
using Merpati.SmtpIngress.Recipients;
using Merpati.SmtpIngress.Scanners;
using Merpati.SmtpIngress.Senders;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Merpati.SmtpIngress;

public static class SmtpIngressServices
{
    /// <summary>
    /// Adds <see cref="SmtpSessions"/>. It needs IDirectory, IContentStore, IMailQueue, IJournal, ISharedRecords and IQueueBell from the product around it,
    /// and reads its settings from the section <see cref="SmtpIngressOptions.Section"/>.
    /// </summary>
    public static IServiceCollection AddSmtpIngress(this IServiceCollection services)
    {
        services.AddOptions<SmtpIngressOptions>().BindConfiguration(SmtpIngressOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<SmtpIngressOptions>, SmtpIngressOptionsValidator>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddSingleton<IngressMetrics>();
        services.AddSingleton<StoreRoom>();
        services.AddSingleton<RateBuckets>();
        services.AddSharedCounts(static provider => provider.GetRequiredService<RateBuckets>());
        services.AddSingleton<DoorPolicy>();
        services.TryAddSingleton<Readiness>();
        services.AddSingleton<HiddenClients>();
        services.AddSingleton<Greylist>();
        services.AddSingleton<SenderPolicy>();
        services.AddSingleton<RecipientPolicy>();
        services.AddMailDns();
        services.AddSingleton<MessageChecks>();
        services.AddDmarcCounts();
        services.AddSingleton<DmarcCounts>();
        services.AddClassifier();
        services.AddSingleton<ContentScanners>();
        services.AddSingleton<PolicySource>();
        services.AddHostedService(static provider => provider.GetRequiredService<PolicySource>());
        services.AddSingleton<BinaryMessage>();
        services.AddSingleton<RecipientRouting>();
        services.AddSingleton<MessageAcceptance>();
        services.AddSingleton(static provider => new SmtpSessions(
            provider.GetRequiredService<IDirectory>(),
            provider.GetRequiredService<DoorPolicy>(),
            provider.GetRequiredService<HiddenClients>(),
            provider.GetRequiredService<Greylist>(),
            provider.GetRequiredService<SenderPolicy>(),
            provider.GetRequiredService<RecipientPolicy>(),
            provider.GetRequiredService<MessageAcceptance>(),
            provider.GetRequiredService<StoreRoom>(),
            provider.GetRequiredService<IngressMetrics>(),
            provider.GetRequiredService<IOptions<SmtpIngressOptions>>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<SmtpSessions>>()));
        return services;
    }
}
