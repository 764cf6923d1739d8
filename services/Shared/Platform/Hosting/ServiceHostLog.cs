using Microsoft.Extensions.Logging;

namespace Merpati.Platform.Hosting;

/// <summary>Log events 250 to 299: the hosts of the services.</summary>
internal static partial class ServiceHostLog
{
    [LoggerMessage(250, LogLevel.Information, "{Program} {Version} is starting; health and metrics on port {HttpPort}")]
    public static partial void Starting(ILogger logger, string program, string version, int httpPort);

    [LoggerMessage(251, LogLevel.Information, "{Program} is ready")]
    public static partial void Ready(ILogger logger, string program);

    [LoggerMessage(252, LogLevel.Information, "{Program} is stopping")]
    public static partial void Stopping(ILogger logger, string program);

    [LoggerMessage(253, LogLevel.Warning, "PASSWORDS ARE TAKEN WITHOUT TLS (allowPlaintextAuth): anybody on the way can read them. For tests on loopback only")]
    public static partial void PlaintextAuth(ILogger logger);
}
