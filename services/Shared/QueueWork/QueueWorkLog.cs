using Merpati.Queueing;
using Merpati.Storage;
using Microsoft.Extensions.Logging;

namespace Merpati.QueueWork;

/// <summary>Log events 3200 to 3299.</summary>
internal static partial class QueueWorkLog
{
    [LoggerMessage(3200, LogLevel.Information, "Work on the {Route} queue started as {Worker}: {Concurrency} entries at once.")]
    public static partial void Started(this ILogger logger, QueueRoute route, string worker, int concurrency);

    [LoggerMessage(3201, LogLevel.Information, "Work on the {Route} queue stopped; {Running} attempts were cut off and their leases given back.")]
    public static partial void Stopped(this ILogger logger, QueueRoute route, int running);

    [LoggerMessage(3202, LogLevel.Error, "The {Route} queue cannot be read; next try in {Pause}.")]
    public static partial void QueueUnavailable(this ILogger logger, QueueRoute route, TimeSpan pause, Exception exception);

    [LoggerMessage(3203, LogLevel.Error, "{Id}: the attempt failed as a whole.")]
    public static partial void AttemptFailed(this ILogger logger, QueueId id, Exception exception);

    [LoggerMessage(3204, LogLevel.Warning, "Leases could not be extended.")]
    public static partial void ExtendFailed(this ILogger logger, Exception exception);

    [LoggerMessage(3205, LogLevel.Information, "{Address} is on the suppression list from now on: {Reason}")]
    public static partial void Suppressed(this ILogger logger, string address, string reason);

    [LoggerMessage(3206, LogLevel.Warning, "A bounce could not be counted for the suppression list: {Reason}")]
    public static partial void BounceNotCounted(this ILogger logger, string reason);
}
