using Merpati.Mailboxes;
using Merpati.Queueing;
using Microsoft.Extensions.Logging;

namespace Merpati.Delivery.Mailboxes;

/// <summary>Log events 3100 to 3199.</summary>
internal static partial class MailboxesLog
{
    [LoggerMessage(3100, LogLevel.Warning, "The first fetch of {QueueId} could not be written to the timeline")]
    public static partial void FirstFetchLost(this ILogger logger, QueueId queueId, Exception fault);

    [LoggerMessage(3101, LogLevel.Error, "A search passed over UID {Uid} of mailbox {Mailbox}: its content is damaged")]
    public static partial void SearchSkippedDamage(this ILogger logger, Uid uid, MailboxId mailbox, Exception fault);
}
