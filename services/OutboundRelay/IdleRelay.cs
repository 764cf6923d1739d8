using Merpati.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Merpati.OutboundRelay;

/// <summary>Says at start what is not done here yet, and names what waits for it.</summary>
internal sealed class IdleRelay(IMailQueue queue, ILogger<IdleRelay> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            var waiting = (await queue.CountAsync(stoppingToken)).Where(count => count.Route == QueueRoute.Relay).Sum(count => count.Recipients);
            logger.TakesNoWork(waiting);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { }
        catch (IOException e) { logger.QueueUnavailable(e); }
    }
}

/// <summary>Log events 7000 to 7999.</summary>
internal static partial class OutboundRelayLog
{
    [LoggerMessage(7000, LogLevel.Information, "Mail for other servers is not relayed yet; recipients that wait for it: {Waiting}")]
    public static partial void TakesNoWork(this ILogger logger, long waiting);

    [LoggerMessage(7001, LogLevel.Warning, "The queue cannot be read")]
    public static partial void QueueUnavailable(this ILogger logger, Exception exception);
}
