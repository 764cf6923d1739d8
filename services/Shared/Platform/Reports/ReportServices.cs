using Merpati.Mail.Auth;
using Merpati.Platform.Sharing;
using Merpati.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Merpati.Platform.Reports;

public static class ReportServices
{
    /// <summary>The section Reports; once, however many services of a process ask for it.</summary>
    public static IServiceCollection AddReportOptions(this IServiceCollection services)
    {
        services.AddOptions<ReportOptions>().BindConfiguration(ReportOptions.Section).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ReportOptions>, ReportOptionsValidator>());
        return services;
    }

    /// <summary><see cref="ReceivedDmarcReports"/> and <see cref="ReceivedTlsReports"/>, kept in ISharedRecords, which must be there.</summary>
    public static IServiceCollection AddReceivedReports(this IServiceCollection services)
    {
        services.AddReportOptions();
        services.TryAddSingleton<ReceivedDmarcReports>();
        services.TryAddSingleton<ReceivedTlsReports>();
        return services;
    }

    /// <summary><see cref="SharedDmarcDays"/> of this process, kept in ISharedRecords, which must be there.</summary>
    public static IServiceCollection AddDmarcCounts(this IServiceCollection services)
    {
        services.AddReportOptions();
        services.AddSingleton(static provider =>
        {
            var options = provider.GetRequiredService<IOptions<ReportOptions>>().Value;
            var time = provider.GetRequiredService<TimeProvider>();
            return new SharedDmarcDays(new DmarcReportCollector(time, options.MaxDomains, options.MaxRows), provider.GetRequiredService<ISharedRecords>().Daily(SharedDmarcDays.Kind, time));
        });
        return services.AddDailyCounts(static provider => provider.GetRequiredService<SharedDmarcDays>());
    }
}
