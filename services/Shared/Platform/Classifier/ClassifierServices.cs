using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Merpati.Platform.Classifier;

public static class ClassifierServices
{
    /// <summary>Adds <see cref="SharedClassifier"/>; it needs ISharedRecords and TimeProvider.</summary>
    public static IServiceCollection AddClassifier(this IServiceCollection services)
    {
        services.TryAddSingleton<SharedClassifier>();
        return services;
    }
}
