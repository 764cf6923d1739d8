using Microsoft.Extensions.Logging;

namespace Merpati.Storage.MongoDb;

/// <summary>Log events 2230 to 2239.</summary>
internal static partial class DatabaseLog
{
    [LoggerMessage(2230, LogLevel.Information, "The schema of the {Store} store: {Sentence}")]
    public static partial void Schema(ILogger logger, string store, string sentence);
}
