namespace Merpati.Protocols.Smtp;

/// <summary>Replies that say the same every time.</summary>
internal static class SmtpReplies
{
    public static readonly SmtpReply Ok = new(250, "2.0.0", "OK");
    public static readonly SmtpReply SenderOk = new(250, "2.1.0", "Sender OK");
    public static readonly SmtpReply RecipientOk = new(250, "2.1.5", "Recipient OK");
    public static readonly SmtpReply StartMailInput = new(354, null, "Start mail input; end with <CRLF>.<CRLF>");

    public static readonly SmtpReply LineTooLong = new(500, "5.5.2", "Line too long");
    public static readonly SmtpReply BareLineBreak = new(500, "5.5.2", "A command ends in CRLF, with no other CR or LF in it");
    public static readonly SmtpReply ControlCharacters = new(500, "5.5.2", "Control characters are not allowed in a command");
    public static readonly SmtpReply UnknownCommand = new(500, "5.5.1", "Command not recognized");
    public static readonly SmtpReply NotImplemented = new(502, "5.5.1", "Command not implemented");
    public static readonly SmtpReply NoArgument = new(501, "5.5.4", "This command takes no argument");

    public static readonly SmtpReply HelloFirst = new(503, "5.5.1", "Send HELO or EHLO first");
    public static readonly SmtpReply MailFirst = new(503, "5.5.1", "Send MAIL first");
    public static readonly SmtpReply RecipientFirst = new(503, "5.5.1", "Send RCPT first");
    public static readonly SmtpReply NoValidRecipients = new(554, "5.5.1", "No valid recipients");
    public static readonly SmtpReply InTransaction = new(503, "5.5.1", "Not during a mail transaction");
    public static readonly SmtpReply InChunks = new(503, "5.5.1", "BDAT has begun: go on with BDAT, or send RSET");
    public static readonly SmtpReply NotTrusted = new(550, "5.7.1", "Not from your address");
    public static readonly SmtpReply AuthenticationRequired = new(530, "5.7.0", "Authentication required");
    public static readonly SmtpReply TlsRequired = new(530, "5.7.0", "Must issue a STARTTLS command first");

    public static readonly SmtpReply MessageTooBig = new(552, "5.3.4", "Message size exceeds the limit");
    public static readonly SmtpReply BareLineBreakInText = new(550, "5.6.11", "Message contains a CR or LF that is not part of CRLF");
    public static readonly SmtpReply TextLineTooLong = new(554, "5.6.0", "Message contains a line that is too long");
    public static readonly SmtpReply NeedsSmtpUtf8 = new(553, "5.6.7", "Address needs SMTPUTF8, which the message does not ask for");
    public static readonly SmtpReply BinaryNeedsBdat = new(503, "5.5.1", "A BINARYMIME message comes by BDAT");
    public static readonly SmtpReply TooManyDomains = new(452, "4.5.3", "Too many recipient domains in one session");
    public static readonly SmtpReply TooManyRecipients = new(452, "4.5.3", "Too many recipients");

    public static readonly SmtpReply LocalError = new(451, "4.3.0", "Local error, try again later");
    public static readonly SmtpReply LocalErrorClosing = new(421, "4.3.0", "Local error, closing the connection");
    public static readonly SmtpReply Draining = new(421, "4.3.2", "Shutting down, try again later");
    public static readonly SmtpReply TimedOut = new(421, "4.4.2", "Timed out, closing the connection");
    public static readonly SmtpReply SessionTooLong = new(421, "4.4.2", "Session took too long, closing the connection");
    public static readonly SmtpReply EndlessLine = new(421, "4.7.0", "Line without an end, closing the connection");
    public static readonly SmtpReply TooManyMessages = new(421, "4.7.0", "Too many messages in one session, closing the connection");
    public static readonly SmtpReply TooManyErrors = new(421, "4.7.0", "Too many errors, closing the connection");
    public static readonly SmtpReply TooManyCommandsBeforeAuth = new(421, "4.7.0", "Too many commands without authentication, closing the connection");
}
