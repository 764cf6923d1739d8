using Merpati.Protocols.Smtp.Client;
using Microsoft.Extensions.Logging;

namespace Merpati.Protocols.Smtp;

/// <summary>Log events 1000 to 1099.</summary>
internal static partial class SmtpLog
{
    [LoggerMessage(1000, LogLevel.Error, "{Verb} failed")]
    public static partial void CommandFault(this ILogger logger, Exception fault, string verb);

    [LoggerMessage(1001, LogLevel.Error, "The connection failed")]
    public static partial void ConnectionFault(this ILogger logger, Exception fault);

    [LoggerMessage(1002, LogLevel.Debug, "The connection broke: {Reason}")]
    public static partial void ConnectionBroken(this ILogger logger, string reason);

    [LoggerMessage(1003, LogLevel.Information, "TLS handshake failed: {Reason}")]
    public static partial void HandshakeFailed(this ILogger logger, string reason);

    [LoggerMessage(1050, LogLevel.Trace, "C: {Command}")]
    public static partial void ClientSays(this ILogger logger, string command);

    [LoggerMessage(1051, LogLevel.Trace, "S: {Reply}")]
    public static partial void ServerSays(this ILogger logger, RemoteReply reply);
}
