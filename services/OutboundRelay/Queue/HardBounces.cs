using System.Globalization;
using System.Text;
using Merpati.OutboundRelay.Sending;
using Merpati.Relaying;
using Merpati.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Merpati.OutboundRelay.Queue;

/// <summary>
/// Puts addresses on the suppression list by themselves: those of which their own servers said on several days that there is no such mailbox (5.1.1). Who goes on sending there is taken for
/// somebody who does not look after his lists. Several messages on one day count once, so that an address that was mistyped a few times, or a server that is set up wrong for an hour, does no harm.
/// </summary>
internal sealed class HardBounces(ISuppressionList suppressions, ISharedRecords records, IOptions<OutboundRelayOptions> options, TimeProvider time, ILogger<HardBounces> logger)
{
    public const string Kind = "bounces";

    private const string NoSuchMailbox = "5.1.1";

    private readonly SuppressOptions _options = options.Value.Suppress;

    /// <summary>Counts what an attempt found out. It is not worth an attempt: what goes wrong is in the log alone.</summary>
    public async ValueTask CountAsync(IEnumerable<RelayVerdict> verdicts, CancellationToken cancellationToken)
    {
        if (_options.AfterDays == 0) return;
        foreach (var verdict in verdicts)
        {
            // The words of a server, not of a person or a policy of ours.
            if (verdict.Fate is not Fate.Refused { Host: not null, Code: NoSuchMailbox } refused || verdict.State != RecipientState.Bounced) continue;
            try { await CountAsync(Suppression.Of(verdict.Address), refused, cancellationToken); }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested) { logger.BounceNotCounted(exception.Message); }
        }
    }

    private async ValueTask CountAsync(string address, Fate.Refused refused, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var today = Day(now);
        string[] days = [];
        var counted = await records.ChangeAsync(Kind, address, there =>
        {
            var since = Day(now - _options.Within);
            days = there is null ? [] : [.. Encoding.ASCII.GetString(there.Value.Span).Split(' ').Where(day => string.CompareOrdinal(day, since) > 0 && string.CompareOrdinal(day, today) <= 0)];
            if (days.Contains(today)) return null;
            days = [.. days, today];
            return new SharedRecord(Kind, address, Encoding.ASCII.GetBytes(string.Join(' ', days)), now + _options.Within);
        }, cancellationToken);
        if (!counted || days.Length < _options.AfterDays) return;
        await SuppressAsync(address, refused, days.Length, now, cancellationToken);
        await records.RemoveAsync(Kind, [address], cancellationToken);
    }

    private async ValueTask SuppressAsync(string address, Fate.Refused refused, int days, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var reason = string.Create(CultureInfo.InvariantCulture, $"it does not exist, as {refused.Host} said on {days} days, the last time: {refused.Text.ReplaceLineEndings(" ")}");
        if (reason.Length > Suppression.MaxReason) reason = reason[..Suppression.MaxReason];
        await suppressions.PutAsync(new Suppression(address, SuppressionSource.Bounce, reason, now, now + _options.For), cancellationToken);
        logger.Suppressed(address, reason);
    }

    private static string Day(DateTimeOffset at) => at.UtcDateTime.ToString("yyyyMMdd", CultureInfo.InvariantCulture);
}
