using Merpati.Addresses;
using Merpati.Queueing;
using Microsoft.Extensions.Logging;

namespace Merpati.OutboundRelay;

/// <summary>Log events 7000 to 7099.</summary>
internal static partial class OutboundRelayLog
{
    [LoggerMessage(7000, LogLevel.Warning, "{Id}: the lease of {Worker} was lost before the attempt ended.")]
    public static partial void LeaseLost(this ILogger logger, QueueId id, string worker);

    [LoggerMessage(7001, LogLevel.Error, "{Id}: the attempt failed as a whole.")]
    public static partial void AttemptFailed(this ILogger logger, QueueId id, Exception exception);

    [LoggerMessage(7002, LogLevel.Error, "{Id}: the report to the sender could not be written.")]
    public static partial void ReportFailed(this ILogger logger, QueueId id, Exception exception);

    [LoggerMessage(7003, LogLevel.Warning, "{Id}: the timeline could not be written.")]
    public static partial void TimelineFailed(this ILogger logger, QueueId id, Exception exception);

    [LoggerMessage(7004, LogLevel.Information, "{Id}: {Recipient} bounced: {Reply}")]
    public static partial void Bounced(this ILogger logger, QueueId id, EmailAddress recipient, string reply);

    [LoggerMessage(7005, LogLevel.Warning, "{Id}: {Recipients} recipients may get a double: an earlier attempt came to the end of the message, and its outcome is not known.")]
    public static partial void MayBeDouble(this ILogger logger, QueueId id, int recipients);

    [LoggerMessage(7006, LogLevel.Warning, "{Provider} is left alone until {Until}, since it says: {Reply}")]
    public static partial void ProviderRests(this ILogger logger, string provider, DateTimeOffset until, string reply);

    [LoggerMessage(7007, LogLevel.Debug, "A connection could not be closed properly: {Reason}")]
    public static partial void GoodbyeFailed(this ILogger logger, string reason);

    [LoggerMessage(7008, LogLevel.Error, "{Id}: the next hop has the message, and that cannot be written down; next try in {Pause}.")]
    public static partial void NotRecorded(this ILogger logger, QueueId id, TimeSpan pause, Exception exception);

    [LoggerMessage(7009, LogLevel.Error, "{Id}: some recipients have it, and offering it to the others broke.")]
    public static partial void OfferBroken(this ILogger logger, QueueId id, Exception exception);

    [LoggerMessage(7010, LogLevel.Information, "Reports ({Kind}) of {Day}: {Sent} sent, {Unwanted} domains want none.")]
    public static partial void ReportsSent(this ILogger logger, string kind, DateOnly day, int sent, int unwanted);

    [LoggerMessage(7011, LogLevel.Warning, "The report ({Kind}) for {Domain} could not be sent: {Reason}")]
    public static partial void DailyReportFailed(this ILogger logger, string kind, string domain, string reason);

    [LoggerMessage(7012, LogLevel.Warning, "MTA-STS policies could not be refreshed.")]
    public static partial void RefreshFailed(this ILogger logger, Exception exception);

    [LoggerMessage(7013, LogLevel.Warning, "What providers said could not be shared with the other relays: {Reason}")]
    public static partial void RestsNotShared(this ILogger logger, string reason);

    [LoggerMessage(7014, LogLevel.Information, "The DMARC report for {Domain} is not sent to {Address}: {Octets} octets are more than the {Limit} that it takes.")]
    public static partial void ReportTooLarge(this ILogger logger, string domain, EmailAddress address, long octets, long limit);
}
