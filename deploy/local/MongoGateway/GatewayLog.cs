using Microsoft.Extensions.Logging;

namespace Merpati.Local.MongoGateway;

/// <summary>Log events 9800 to 9849.</summary>
internal static partial class GatewayLog
{
    [LoggerMessage(9800, LogLevel.Information, "The MongoDB gateway listens on {Address}")]
    public static partial void Listening(ILogger logger, string address);

    [LoggerMessage(9801, LogLevel.Debug, "{Command} met a conflict ({SqlState}), attempt {Attempt}")]
    public static partial void Conflict(ILogger logger, string command, string sqlState, int attempt);

    [LoggerMessage(9802, LogLevel.Warning, "The engine went away during {Command}: {Reason}")]
    public static partial void EngineLost(ILogger logger, string command, string reason);

    [LoggerMessage(9803, LogLevel.Warning, "{Command} was refused by the engine with {SqlState}: {Reason}")]
    public static partial void Refused(ILogger logger, string command, string sqlState, string reason);

    [LoggerMessage(9804, LogLevel.Error, "{Command} failed")]
    public static partial void Fault(ILogger logger, string command, Exception exception);

    [LoggerMessage(9805, LogLevel.Warning, "Connection {Connection} sent what is no message ({Reason}): closed")]
    public static partial void NotAMessage(ILogger logger, int connection, string reason);

    [LoggerMessage(9806, LogLevel.Warning, "There are {Count} connections already: one more was closed")]
    public static partial void TooManyConnections(ILogger logger, int count);

    [LoggerMessage(9807, LogLevel.Warning, "Sweeping failed")]
    public static partial void SweepFailed(ILogger logger, Exception exception);
}
