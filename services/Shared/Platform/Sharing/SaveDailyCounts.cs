using Merpati.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Merpati.Platform.Sharing;

/// <summary>Something that a process counts for a daily report.</summary>
public interface IDailyCounts
{
    /// <summary>Writes what was counted here since the last time.</summary>
    ValueTask SaveAsync(CancellationToken cancellationToken);
}

/// <summary>Keeps what is counted for reports in the store, once a minute and at the end.</summary>
public sealed partial class SaveDailyCounts(IEnumerable<IDailyCounts> all, TimeProvider time, ILogger<SaveDailyCounts> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await SaveAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken)) await SaveAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { }
    }

    private async Task SaveAsync(CancellationToken cancellationToken)
    {
        foreach (var counts in all)
        {
            try { await counts.SaveAsync(cancellationToken); }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested) { NotKept(logger, exception.Message); }
        }
    }

    [LoggerMessage(551, LogLevel.Warning, "What was counted for reports could not be kept, and is kept with the next: {Reason}")]
    private static partial void NotKept(ILogger logger, string reason);
}

public static class DailyCountsServices
{
    /// <summary>The records of this process.</summary>
    public static DailyRecords Daily(this ISharedRecords records, string kind, TimeProvider time) => new(records, kind, Guid.NewGuid().ToString("N")[..12], time);

    /// <summary>Counts that are kept in ISharedRecords, which must be there; one service keeps all of a process.</summary>
    public static IServiceCollection AddDailyCounts(this IServiceCollection services, Func<IServiceProvider, IDailyCounts> counts)
    {
        services.AddSingleton(counts);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, SaveDailyCounts>());
        return services;
    }
}
