using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Merpati.Platform.Sharing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Merpati.OutboundRelay.Reports;

/// <summary>
/// Sends the reports of a day after its end: one for each domain, with what all processes counted. The relay that comes first makes it; if that one dies over it, another one does an hour later.
/// </summary>
/// <param name="kind">What kind of reports they are, for the log and the metrics.</param>
/// <param name="spread">After midnight (UTC), a random part of this is waited.</param>
internal abstract class DailyReports(string kind, DailyRecords daily, TimeSpan spread, RelayMetrics metrics, TimeProvider time, ILogger logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    /// <summary>After midnight: by then all processes have written what they counted.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromMinutes(5);

    /// <summary>Reports are to be sent.</summary>
    protected abstract bool IsOn { get; }

    protected TimeProvider Time => time;

    /// <returns>False when nobody wants it.</returns>
    protected abstract ValueTask<bool> ReportAsync(DateOnly day, string domain, IReadOnlyList<ReadOnlyMemory<byte>> counted, CancellationToken cancellationToken);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!IsOn) return;
        try
        {
            var offset = Settling + spread * Random.Shared.NextDouble();
            while (true)
            {
                // What a relay that was off, or died over it, left behind, is found at the start and within the hour.
                if (time.GetUtcNow().TimeOfDay >= offset)
                {
                    try { await SendDueAsync(stoppingToken); }
                    catch (Exception exception) when (!stoppingToken.IsCancellationRequested) { Failed("all domains", exception.Message); }
                }
                var now = time.GetUtcNow();
                var start = new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero) + offset;
                await Task.Delay(start > now && start - now < Interval ? start - now : Interval, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { }
    }

    /// <summary>Sends the reports of all days before today.</summary>
    internal async Task SendDueAsync(CancellationToken cancellationToken)
    {
        var (sent, unwanted) = (0, 0);
        foreach (var (day, domain) in await daily.DueAsync(cancellationToken))
        {
            try
            {
                if (await daily.ClaimAsync(day, domain, cancellationToken) is not { } counted) continue;
                var wanted = await ReportAsync(day, domain, counted, cancellationToken);
                await daily.ForgetAsync(day, domain, cancellationToken);
                metrics.Reported(kind, wanted ? "sent" : "unwanted");
                if (wanted) sent++;
                else unwanted++;
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                Failed(domain, exception.Message);
            }
        }
        if (sent + unwanted > 0) logger.ReportsSent(kind, daily.Today.AddDays(-1), sent, unwanted);
    }

    protected void Failed(string domain, string reason)
    {
        metrics.Reported(kind, "failed");
        logger.DailyReportFailed(kind, domain, reason);
    }

    /// <summary>The same for whoever makes the report, and another one for each report.</summary>
    protected static string Unique(string organization, string domain, DateOnly day)
        => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{organization}\n{domain}\n{day:yyyy-MM-dd}"))))[..12];
}
