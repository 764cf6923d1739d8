using Microsoft.Extensions.Logging;

namespace Merpati.Storage.MongoDb;

/// <summary>Log events 2240 to 2249.</summary>
internal static partial class QueueLog
{
    [LoggerMessage(2240, LogLevel.Error, "The queue entry {Id} cannot be read and is set aside: {Problem}")]
    public static partial void Unreadable(ILogger logger, string id, string problem);
}
