using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text;
using Merpati.Addresses;
using Merpati.Relaying;
using Merpati.Storage;
using Microsoft.Extensions.Logging;

namespace Merpati.QueueWork;

/// <summary>When an address is put on the suppression list by itself: keys below <c>suppress</c>.</summary>
public sealed class SuppressOptions
{
    /// <summary>Days (UTC) on which its own server said that there is no such mailbox (5.1.1); 0 puts nobody on the list.</summary>
    [Range(0, 30)]
    public int AfterDays { get; set; } = 3;

    /// <summary>Within this time.</summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "365.00:00:00")]
    public TimeSpan Within { get; set; } = TimeSpan.FromDays(14);

    /// <summary>How long it stays on the list.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "3650.00:00:00")]
    public TimeSpan For { get; set; } = TimeSpan.FromDays(30);
}

/// <summary>
/// Puts addresses on the suppression list by themselves: those of which their own servers said on several days that there is no such mailbox (5.1.1), in a session or in a report afterwards. Who goes
/// on sending there is taken for somebody who does not look after his lists. Several messages on one day count once, so that an address that was mistyped a few times, or a server that is set up
/// wrong for an hour, does no harm.
/// </summary>
public sealed class HardBounces(ISuppressionList suppressions, ISharedRecords records, SuppressOptions options, TimeProvider time, ILogger<HardBounces> logger)
{
    public const string Kind = "bounces";

    /// <summary>The only code that is about the mailbox and for good.</summary>
    public const string NoSuchMailbox = "5.1.1";

    /// <summary>Counts what a server said. It is not worth a message: what goes wrong is in the log alone.</summary>
    /// <param name="server">Whose words they are.</param>
    public async ValueTask CountAsync(EmailAddress address, string server, string text, CancellationToken cancellationToken)
    {
        if (options.AfterDays == 0) return;
        try { await CountAsync(Suppression.Of(address), server, text, cancellationToken); }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested) { logger.BounceNotCounted(exception.Message); }
    }

    private async ValueTask CountAsync(string address, string server, string text, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var today = Day(now);
        string[] days = [];
        var counted = await records.ChangeAsync(Kind, address, there =>
        {
            var since = Day(now - options.Within);
            days = there is null ? [] : [.. Encoding.ASCII.GetString(there.Value.Span).Split(' ').Where(day => string.CompareOrdinal(day, since) > 0 && string.CompareOrdinal(day, today) <= 0)];
            if (days.Contains(today)) return null;
            days = [.. days, today];
            return new SharedRecord(Kind, address, Encoding.ASCII.GetBytes(string.Join(' ', days)), now + options.Within);
        }, cancellationToken);
        if (!counted || days.Length < options.AfterDays) return;
        var reason = string.Create(CultureInfo.InvariantCulture, $"it does not exist, as {server} said on {days.Length} days, the last time: {text.ReplaceLineEndings(" ")}");
        if (reason.Length > Suppression.MaxReason) reason = reason[..Suppression.MaxReason];
        await suppressions.PutAsync(new Suppression(address, SuppressionSource.Bounce, reason, now, now + options.For), cancellationToken);
        logger.Suppressed(address, reason);
        await records.RemoveAsync(Kind, [address], cancellationToken);
    }

    private static string Day(DateTimeOffset at) => at.UtcDateTime.ToString("yyyyMMdd", CultureInfo.InvariantCulture);
}
