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

    [LoggerMessage(3102, LogLevel.Warning, "The search index could not be brought up to date; searches read the messages that wait, and it is tried again")]
    public static partial void IndexingStopped(this ILogger logger, Exception fault);

    [LoggerMessage(3103, LogLevel.Warning, "Content {Content} cannot be read for the search index; searches try it each time")]
    public static partial void IndexingSkippedDamage(this ILogger logger, ContentId content, Exception fault);

    [LoggerMessage(3105, LogLevel.Warning, "What account {Account} moved to or from junk could not be read and is not learned")]
    public static partial void LessonLost(this ILogger logger, AccountId account, Exception fault);

    [LoggerMessage(3106, LogLevel.Warning, "The classifier could not be taught {Count} messages")]
    public static partial void LessonsLost(this ILogger logger, int count, Exception fault);

    [LoggerMessage(3107, LogLevel.Information, "The classifier was taught {Junk} messages of junk and {Good} others, {Learned} of them new")]
    public static partial void Learned(this ILogger logger, int learned, int junk, int good);

    [LoggerMessage(3104, LogLevel.Information, "The search index is made anew: every message waits")]
    public static partial void IndexRebuilt(this ILogger logger);
}
