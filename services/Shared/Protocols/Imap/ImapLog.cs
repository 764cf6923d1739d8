using System.Net;
using Merpati.Mailboxes;
using Microsoft.Extensions.Logging;

namespace Merpati.Protocols.Imap;

/// <summary>Log events 4000 to 4999.</summary>
internal static partial class ImapLog
{
    [LoggerMessage(4000, LogLevel.Debug, "IMAP session {Session} from {Client} started")]
    public static partial void SessionStarted(this ILogger log, string session, IPEndPoint client);

    [LoggerMessage(4001, LogLevel.Debug, "IMAP session {Session} ended: {Reason}")]
    public static partial void SessionEnded(this ILogger log, string session, string reason);

    [LoggerMessage(4002, LogLevel.Information, "IMAP session {Session} from {Client} logged in as account {Account}")]
    public static partial void LoggedIn(this ILogger log, string session, IPEndPoint client, AccountId account);

    [LoggerMessage(4003, LogLevel.Information, "IMAP session {Session} from {Client}: login refused")]
    public static partial void LoginRefused(this ILogger log, string session, IPEndPoint client);

    [LoggerMessage(4004, LogLevel.Error, "IMAP session {Session}: {Verb} failed")]
    public static partial void CommandFailed(this ILogger log, Exception exception, string session, string verb);

    [LoggerMessage(4005, LogLevel.Error, "IMAP session {Session}: the octets of message UID {Uid} in mailbox {Mailbox} (content {Content}) cannot be read")]
    public static partial void MessageUnreadable(this ILogger log, Exception exception, string session, Uid uid, MailboxId mailbox, ContentId content);

    [LoggerMessage(4006, LogLevel.Error, "IMAP session {Session}: message UID {Uid} in mailbox {Mailbox} (content {Content}) broke off while it was sent; the connection is closed")]
    public static partial void MessageBrokeOff(this ILogger log, Exception exception, string session, Uid uid, MailboxId mailbox, ContentId content);

    [LoggerMessage(4007, LogLevel.Error, "IMAP session {Session}: looking for changes of mailbox {Mailbox} failed")]
    public static partial void LookFailed(this ILogger log, Exception exception, string session, MailboxId mailbox);

    [LoggerMessage(4009, LogLevel.Warning, "IMAP session {Session}: the Seen flag could not be set in mailbox {Mailbox}; the messages are read all the same")]
    public static partial void SeenNotKept(this ILogger log, Exception exception, string session, MailboxId mailbox);

    [LoggerMessage(4010, LogLevel.Error, "IMAP session {Session}: what NOTIFY watches could not be looked at; it is tried again")]
    public static partial void NotifyFailed(this ILogger log, Exception exception, string session);

    /// <param name="grantee">An account's id, or a group; '-' before it for negative rights.</param>
    [LoggerMessage(4011, LogLevel.Information, "IMAP session {Session} of account {Account}: rights of {Grantee} to mailbox {Mailbox} of {Owner}: {Operation} {Rights}")]
    public static partial void RightsChanged(this ILogger log, string session, AccountId account, string grantee, MailboxId mailbox, AccountId owner, FlagOperation operation, MailboxRights rights);

    [LoggerMessage(4012, LogLevel.Information, "IMAP session {Session} of account {Account} may not read mailbox {Mailbox} of {Owner} any more, and ends")]
    public static partial void RightsLost(this ILogger log, string session, AccountId account, MailboxId mailbox, AccountId owner);

    [LoggerMessage(4008, LogLevel.Error, "IMAP session {Session} ended by a fault")]
    public static partial void SessionFailed(this ILogger log, Exception exception, string session);
}
