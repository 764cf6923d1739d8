using Merpati.Addresses;
using Merpati.Mailboxes;
using Merpati.Queueing;
using Merpati.Storage;
using Microsoft.Extensions.Logging;

namespace Merpati.Delivery;

/// <summary>Log events 3000 to 3099.</summary>
internal static partial class DeliveryLog
{
    [LoggerMessage(3003, LogLevel.Warning, "{Id}: the lease of {Worker} was lost before the attempt ended; what it delivered will be found by its key.")]
    public static partial void LeaseLost(this ILogger logger, QueueId id, string worker);

    [LoggerMessage(3004, LogLevel.Error, "{Id}: the attempt failed as a whole.")]
    public static partial void AttemptFailed(this ILogger logger, QueueId id, Exception exception);

    [LoggerMessage(3005, LogLevel.Error, "{Id}: delivery to {Recipient} failed in a way that was not foreseen.")]
    public static partial void DeliveryFaulted(this ILogger logger, QueueId id, EmailAddress recipient, Exception exception);

    [LoggerMessage(3006, LogLevel.Warning, "{Id}: delivery to {Recipient} has to wait: {Reason}")]
    public static partial void DeliveryPostponed(this ILogger logger, QueueId id, EmailAddress recipient, string reason);

    [LoggerMessage(3007, LogLevel.Error, "{Id}: content {Content} cannot be read.")]
    public static partial void ContentUnreadable(this ILogger logger, QueueId id, ContentId content, Exception exception);

    [LoggerMessage(3008, LogLevel.Error, "{Id}: the report to the sender could not be written; its recipients stay open.")]
    public static partial void ReportFailed(this ILogger logger, QueueId id, Exception exception);

    [LoggerMessage(3009, LogLevel.Warning, "{Id}: the timeline could not be written.")]
    public static partial void TimelineFailed(this ILogger logger, QueueId id, Exception exception);

    [LoggerMessage(3010, LogLevel.Information, "{Id}: {Recipient} is {State}: {Detail}")]
    public static partial void RecipientFailed(this ILogger logger, QueueId id, EmailAddress recipient, RecipientState state, string detail);

    [LoggerMessage(3011, LogLevel.Warning, "{Id}: it looks like a report, and cannot be read: {Reason}")]
    public static partial void ReportUnreadable(this ILogger logger, QueueId id, string reason);

    [LoggerMessage(3012, LogLevel.Information, "{Id}: a report about something that is not ours.")]
    public static partial void ReportForeign(this ILogger logger, QueueId id);

    [LoggerMessage(3013, LogLevel.Information, "{Id}: {Recipient} bounced with {Status} after it was taken, as {Report} reports.")]
    public static partial void BouncedLater(this ILogger logger, QueueId id, EmailAddress recipient, string status, QueueId report);

    [LoggerMessage(3014, LogLevel.Information, "{Id}: {Recipient} complains ({Type}) in {Report}.")]
    public static partial void Complained(this ILogger logger, QueueId id, EmailAddress recipient, string type, QueueId report);

    [LoggerMessage(3015, LogLevel.Information, "{Id}: {Kind} report of {Organization} about {Domain} with {Parts} rows or policies; kept: {Kept}.")]
    public static partial void ReportRead(this ILogger logger, QueueId id, string kind, string organization, string domain, int parts, bool kept);

    [LoggerMessage(3016, LogLevel.Information, "{Accounts} accounts were told of their messages in quarantine from {Since} to {Until}.")]
    public static partial void DigestsSent(this ILogger logger, int accounts, DateTimeOffset since, DateTimeOffset until);

    [LoggerMessage(3017, LogLevel.Warning, "The digests of the quarantine could not be sent; the next try is within the hour.")]
    public static partial void DigestFailed(this ILogger logger, Exception exception);

    [LoggerMessage(3020, LogLevel.Information, "Collected {Contents} contents of {Octets} octets that nobody needed; forgot {Deliveries} delivery keys, {Tombstones} tombstones and {Timelines} timelines.")]
    public static partial void Collected(this ILogger logger, int contents, long octets, int deliveries, int tombstones, int timelines);

    [LoggerMessage(3022, LogLevel.Information, "Discarded {QueueId}: nobody took it out of quarantine.")]
    public static partial void QuarantineExpired(this ILogger logger, QueueId queueId);

    [LoggerMessage(3021, LogLevel.Warning, "The collector could not finish: {Task}.")]
    public static partial void CollectorFailed(this ILogger logger, string task, Exception exception);

    [LoggerMessage(3030, LogLevel.Critical, "The ledger does not balance: {Unaccounted} accepted recipients are neither open nor closed.")]
    public static partial void Unaccounted(this ILogger logger, long unaccounted);

    [LoggerMessage(3031, LogLevel.Warning, "The ledger could not be read.")]
    public static partial void LedgerUnreadable(this ILogger logger, Exception exception);
}
