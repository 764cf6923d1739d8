using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Merpati.OutboundRelay.TlsReports;

/// <summary>Keeps what is counted for TLS reports in the store, once a minute and at the end.</summary>
internal sealed class SaveTlsSessions(SharedTlsSessions sessions, IOptions<TlsReportOptions> options, TimeProvider time, ILogger<SaveTlsSessions> logger) : BackgroundService
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
        // Nobody would ever take them out again.
        if (!options.Value.Send) return;
        try { await sessions.SaveAsync(cancellationToken); }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested) { logger.TlsSessionsNotKept(exception.Message); }
    }
}
