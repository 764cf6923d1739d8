using Merpati.Mailboxes;
using Microsoft.Extensions.Logging;

namespace Merpati.Storage.MongoDb;

/// <summary>Log events 2250 to 2299.</summary>
internal static partial class MailboxStoreLog
{
    [LoggerMessage(2250, LogLevel.Error, "The structure of the message with content {Content} is damaged; the message is shown as a block of octets")]
    public static partial void StructureDamaged(ILogger logger, ContentId content, Exception damage);

    [LoggerMessage(2251, LogLevel.Warning, "Clearing away deleted mailboxes stopped; it goes on later")]
    public static partial void ClearingStopped(ILogger logger, Exception failure);
}
