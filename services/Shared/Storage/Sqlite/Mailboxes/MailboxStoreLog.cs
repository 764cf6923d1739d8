using Merpati.Mailboxes;
using Microsoft.Extensions.Logging;

namespace Merpati.Storage.Sqlite;

/// <summary>Log events 2150 to 2199.</summary>
internal static partial class MailboxStoreLog
{
    [LoggerMessage(2150, LogLevel.Error, "The structure of the message with content {Content} is damaged; the message is shown as a block of octets")]
    public static partial void StructureDamaged(ILogger logger, ContentId content, Exception damage);

    [LoggerMessage(2151, LogLevel.Warning, "Clearing away deleted mailboxes stopped; it goes on later")]
    public static partial void ClearingStopped(ILogger logger, Exception failure);
}
