using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Merpati.OutboundRelay;

public static class OutboundRelayServices
{
    /// <summary>
    /// The relay of mail for other servers. The host brings the stores (content, queue, journal). It takes no work yet: nothing is routed to other servers,
    /// as recipients that are not local are refused.
    /// </summary>
    public static IServiceCollection AddOutboundRelay(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddHostedService<IdleRelay>();
        return services;
    }
}
