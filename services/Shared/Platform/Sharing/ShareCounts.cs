using Merpati.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Merpati.Platform.Sharing;

/// <summary>Shares once a second what was counted. Without the store each process goes by what it has counted itself.</summary>
public sealed partial class ShareCounts(IEnumerable<ISharedCounts> all, ISharedRecords records, TimeProvider time, ILogger<ShareCounts> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Complaint = TimeSpan.FromMinutes(1);

    private DateTimeOffset _complainedAt = DateTimeOffset.MinValue;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                foreach (var counts in all)
                {
                    try { await counts.ShareAsync(records, stoppingToken); }
                    catch (Exception fault) when (!stoppingToken.IsCancellationRequested) { Complain(fault); }
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { }
    }

    private void Complain(Exception fault)
    {
        var now = time.GetUtcNow();
        if (now - _complainedAt < Complaint) return;
        _complainedAt = now;
        NotShared(logger, fault.Message);
    }

    [LoggerMessage(550, LogLevel.Warning, "Limits hold for each process alone while the store does not answer: {Detail}")]
    private static partial void NotShared(ILogger logger, string detail);
}
