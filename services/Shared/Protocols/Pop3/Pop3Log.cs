using Microsoft.Extensions.Logging;

namespace Merpati.Protocols.Pop3;

/// <summary>Log events 5000 to 5999.</summary>
internal static partial class Pop3Log
{
    [LoggerMessage(5001, LogLevel.Information, "POP3 login of {Account} from {Client}: {Messages} messages")]
    internal static partial void LoggedIn(this ILogger logger, string account, System.Net.IPEndPoint client, int messages);

    [LoggerMessage(5002, LogLevel.Information, "POP3 session from {Client} ended: {Reason}")]
    internal static partial void Ended(this ILogger logger, System.Net.IPEndPoint client, string reason);

    [LoggerMessage(5003, LogLevel.Error, "POP3 {Verb} from {Client} failed")]
    internal static partial void CommandFailed(this ILogger logger, Exception fault, string verb, System.Net.IPEndPoint client);

    [LoggerMessage(5004, LogLevel.Error, "POP3 {Verb} from {Client} broke off in the middle of a message; the connection is closed without a terminator")]
    internal static partial void MessageBrokeOff(this ILogger logger, Exception fault, string verb, System.Net.IPEndPoint client);

    [LoggerMessage(5005, LogLevel.Information, "TLS handshake with {Client} failed: {Reason}")]
    internal static partial void HandshakeFailed(this ILogger logger, System.Net.IPEndPoint client, string reason);
}
