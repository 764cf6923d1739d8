using Microsoft.Extensions.Logging;

namespace Merpati.Storage.Sqlite;

/// <summary>Log events 2100 to 2149.</summary>
internal static partial class SqliteLog
{
    [LoggerMessage(2100, LogLevel.Information, "The {Store} store is open: {Path}, schema {Version}")]
    public static partial void Opened(ILogger logger, string store, string path, int version);

    [LoggerMessage(2101, LogLevel.Warning, "The {Store} store could not tidy its file; it tries again later")]
    public static partial void TidyFailed(ILogger logger, string store, Exception failure);

    [LoggerMessage(2102, LogLevel.Error, "The {Store} store could not roll back")]
    public static partial void RollbackFailed(ILogger logger, string store, Exception failure);
}
