using Microsoft.Extensions.Logging;

namespace Merpati.Platform.Health;

/// <summary>Log events 200 to 249: what a service waits for.</summary>
internal static partial class HealthLog
{
    [LoggerMessage(200, LogLevel.Warning, "{Dependency} is not there, waiting for it: {Reason}")]
    public static partial void Missing(ILogger logger, string dependency, string reason);

    [LoggerMessage(201, LogLevel.Information, "{Dependency} is there again")]
    public static partial void Found(ILogger logger, string dependency);
}
