using Merpati.Mail.Dns;
using Merpati.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Merpati.OutboundRelay.Destinations;

/// <summary>Keeps MTA-STS policies fresh for domains to which no mail goes at the moment (RFC 8461 §3.3). The relay that comes first fetches; the others find it done.</summary>
internal sealed class MtaStsRefresh(MtaStsPolicies policies, ISharedRecords records, TimeProvider time, ILogger<MtaStsRefresh> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);
    private static readonly TimeSpan Spread = TimeSpan.FromMinutes(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    // Not all relays at the same moment.
                    await Task.Delay(Spread * Random.Shared.NextDouble(), time, stoppingToken);
                    await records.RemoveExpiredAsync(stoppingToken);
                    await policies.RefreshAsync(stoppingToken);
                }
                catch (Exception exception) when (!stoppingToken.IsCancellationRequested) { logger.RefreshFailed(exception); }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { }
    }
}
