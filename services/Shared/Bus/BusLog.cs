using Microsoft.Extensions.Logging;

namespace Merpati.Bus;

/// <summary>Log events 300 to 399.</summary>
internal static partial class BusLog
{
    [LoggerMessage(300, LogLevel.Information, "Connected to RabbitMQ at {Broker} ({Connection})")]
    public static partial void Connected(this ILogger logger, string broker, string connection);

    [LoggerMessage(301, LogLevel.Warning, "RabbitMQ at {Broker} is away ({Connection}): {Reason}. All goes on, more slowly; trying again")]
    public static partial void Away(this ILogger logger, string broker, string connection, string reason);

    [LoggerMessage(302, LogLevel.Warning, "{Event} cannot be sent: {Reason}. Trying again")]
    public static partial void SendFailed(this ILogger logger, string @event, string reason);

    [LoggerMessage(303, LogLevel.Information, "{Event} is sent again")]
    public static partial void SendsAgain(this ILogger logger, string @event);

    [LoggerMessage(304, LogLevel.Error, "A message from {Queue} could not be handled; it is in the dead-letter queue")]
    public static partial void DeadLetter(this ILogger logger, string queue, Exception exception);

    [LoggerMessage(305, LogLevel.Warning, "A change of a mailbox could not be understood: {Reason}")]
    public static partial void UnknownChange(this ILogger logger, string reason);

    [LoggerMessage(306, LogLevel.Error, "A subscriber of {Event} failed")]
    public static partial void SubscriberFailed(this ILogger logger, string @event, Exception exception);
}
