using Merpati.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Merpati.OutboundRelay.Queue;

/// <summary>Keeps <see cref="ProviderRests"/> in step with the other relays: at once when this one heard something, else every few seconds. Without the store each relay goes by what it hears itself.</summary>
internal sealed class ShareRests(ProviderRests rests, ISharedRecords records, TimeProvider time, ILogger<ShareRests> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                var heard = rests.Heard;
                var failed = false;
                try { await rests.ShareAsync(records, stoppingToken); }
                catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
                {
                    failed = true;
                    logger.RestsNotShared(exception.Message);
                }
                using var enough = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
                var pause = Task.Delay(Interval, time, enough.Token);
                await (failed ? pause : Task.WhenAny(heard, pause));
                await enough.CancelAsync();
                stoppingToken.ThrowIfCancellationRequested();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { }
    }
}
