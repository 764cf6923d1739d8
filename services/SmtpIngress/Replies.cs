using System.Globalization;
using Merpati.Protocols.Smtp;

namespace Merpati.SmtpIngress;

/// <summary>Refusals of this service. The wire is told little; the log has the detail.</summary>
internal static class Replies
{
    public static readonly SmtpReply LocalError = new(451, "4.3.0", "Local error, try again later");
    public static readonly SmtpReply StoreFull = new(452, "4.3.1", "Insufficient system storage, try again later");

    public static readonly SmtpReply RelayDenied = new(550, "5.7.1", "Relaying denied");
    public static readonly SmtpReply BadDestination = new(550, "5.1.2", "The domain of the recipient cannot be in DNS");
    public static readonly SmtpReply ReportsOnly = new(550, "5.7.1", "This address takes delivery reports only");
    public static readonly SmtpReply UnknownUser = new(550, "5.1.1", "No such user here");
    public static readonly SmtpReply DisabledUser = new(550, "5.2.1", "Mailbox is disabled");

    public static readonly SmtpReply SenderNotYours = new(553, "5.7.1", "Sender address does not belong to your account");
    public static readonly SmtpReply NullSender = new(550, "5.7.1", "The null sender is not for submission");
    public static readonly SmtpReply FromNotYours = new(550, "5.7.1", "From of the message does not belong to your account");

    public static readonly SmtpReply HeaderTooBig = new(552, "5.3.4", "Message header is too big");
    public static readonly SmtpReply Loop = new(554, "5.4.6", "Too many hops, the message is going in circles");

    // The word in brackets is the reason by its stable name.
    public static readonly SmtpReply EarlyTalker = new(554, "5.5.1", "You spoke before the greeting [early-talker]");

    public static SmtpReply Greylisted(TimeSpan wait) => new(450, "4.7.1", string.Create(CultureInfo.InvariantCulture, $"Greylisted, try again in {Math.Ceiling(wait.TotalSeconds)} seconds [greylisted]"));
}
