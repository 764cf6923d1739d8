using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Merpati.Platform.Sharing;

public static class SharedCountsServices
{
    /// <summary>Counts that are shared through ISharedRecords, which must be there; one service shares all of a process.</summary>
    public static IServiceCollection AddSharedCounts(this IServiceCollection services, Func<IServiceProvider, ISharedCounts> counts)
    {
        services.AddSingleton(counts);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, ShareCounts>());
        return services;
    }
}
