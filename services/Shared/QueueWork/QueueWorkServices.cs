using Merpati.Accounts;
using Merpati.Relaying;
using Merpati.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Merpati.QueueWork;

public static class QueueWorkServices
{
    /// <summary><see cref="ReportToSender"/>. The host brings <see cref="IContentStore"/> and <see cref="IDirectory"/>; those who share a process share the name.</summary>
    public static IServiceCollection AddReportsToSenders(this IServiceCollection services, Func<IServiceProvider, string> hostName)
    {
        services.TryAddSingleton(provider => new ReportToSender(
            provider.GetRequiredService<IContentStore>(), provider.GetRequiredService<IDirectory>(), hostName(provider), provider.GetRequiredService<TimeProvider>()));
        return services;
    }

    /// <summary>The bounces of a service by its own options. The host brings ISharedRecords and <see cref="ISuppressionList"/>.</summary>
    public static HardBounces HardBounces(this IServiceProvider provider, SuppressOptions options)
        => ActivatorUtilities.CreateInstance<HardBounces>(provider, options);

    /// <summary><see cref="OwnMail"/>. The host brings the stores, <see cref="IDirectory"/> and <see cref="IQueueBell"/>.</summary>
    public static IServiceCollection AddOwnMail(this IServiceCollection services)
    {
        services.TryAddSingleton<OwnMail>();
        return services;
    }
}
