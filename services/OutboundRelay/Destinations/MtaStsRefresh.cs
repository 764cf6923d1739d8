using Merpati.Mail.Dns;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Merpati.OutboundRelay.Destinations;

/// <summary>Keeps MTA-STS policies fresh for domains to which no mail goes at the moment (RFC 8461 §3.3).</summary>
internal sealed class MtaStsRefresh(MtaStsPolicies policies, TimeProvider time, ILogger<MtaStsRefresh> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try { await policies.RefreshAsync(stoppingToken); }
                catch (Exception exception) when (!stoppingToken.IsCancellationRequested) { logger.RefreshFailed(exception); }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { }
    }
}
