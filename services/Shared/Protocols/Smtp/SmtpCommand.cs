using System.Collections.Immutable;
using System.Text;
using Merpati.Protocols.Smtp.Commands;

namespace Merpati.Protocols.Smtp;

/// <summary>Does what a command asks. Null when the peer went away in the middle of it.</summary>
internal delegate ValueTask<SmtpReply?> SmtpHandler(SmtpConnection connection, ReadOnlyMemory<byte> argument, CancellationToken cancellationToken);

/// <summary>One verb as data: where it is allowed and what it needs. The connection judges by this; handlers only handle.</summary>
public sealed class SmtpCommand
{
    private SmtpCommand(string verb, SmtpStates allowedIn, SmtpHandler run) => (Verb, AllowedIn, Run) = (verb, allowedIn, run);

    public string Verb { get; }

    /// <summary>The states in which it may come (RFC 5321 §4.1.4).</summary>
    public SmtpStates AllowedIn { get; }

    /// <summary>RFC 5321 §4.5.3.1.4, without CRLF.</summary>
    internal const int CommandLine = 510;

    /// <summary>The extensions add to it: SIZE 26 (RFC 1870), BODY 17 (RFC 6152), SMTPUTF8 10 (RFC 6531), AUTH 500 (RFC 4954), DSN 500 (RFC 3461); addresses in UTF-8 may be longer.</summary>
    internal const int PathLine = 2046;

    /// <summary>RFC 4954 §4.</summary>
    internal const int AuthLine = 12286;

    /// <summary>Octets without CRLF.</summary>
    public int MaxLine { get; init; } = CommandLine;

    /// <summary>Not before AUTH where the server requires it.</summary>
    public bool NeedsAuth { get; init; }

    /// <summary>Only in TLS, or where plaintext is allowed for tests: it carries secrets.</summary>
    public bool NeedsTls { get; init; }

    /// <summary>False answers 502: the server does not have the command.</summary>
    internal Func<SmtpConnection, bool> IsOffered { get; init; } = static _ => true;

    internal SmtpHandler Run { get; }

    /// <summary>What must be done although the command is refused.</summary>
    internal SmtpHandler? RunRefused { get; init; }

    /// <summary>The answer to a fault in the handler.</summary>
    internal SmtpReply FaultReply { get; init; } = SmtpReplies.LocalError;

    /// <summary>All that this server knows.</summary>
    public static ImmutableArray<SmtpCommand> Table { get; } =
    [
        new("HELO", SmtpStates.Any, Helo.RunAsync),
        new("EHLO", SmtpStates.Any, Ehlo.RunAsync),
        new("MAIL", SmtpStates.Ready, Mail.RunAsync) { NeedsAuth = true, MaxLine = PathLine },
        new("RCPT", SmtpStates.Mail | SmtpStates.Recipients, Rcpt.RunAsync) { NeedsAuth = true, MaxLine = PathLine },
        new("DATA", SmtpStates.Recipients, Data.RunAsync) { NeedsAuth = true },
        new("BDAT", SmtpStates.Recipients | SmtpStates.Chunks, Bdat.RunAsync) { RunRefused = Bdat.SwallowAsync, NeedsAuth = true },
        new("RSET", SmtpStates.Any, Rset.RunAsync),
        new("NOOP", SmtpStates.Any, Noop.RunAsync),
        new("VRFY", SmtpStates.Any, Vrfy.RunAsync) { NeedsAuth = true },
        new("EXPN", SmtpStates.Any, Expn.RunAsync),
        new("HELP", SmtpStates.Any, Help.RunAsync),
        new("QUIT", SmtpStates.Any, Quit.RunAsync),
        new("STARTTLS", SmtpStates.Connected | SmtpStates.Ready, StartTls.RunAsync) { IsOffered = StartTls.IsOffered },
        new("XCLIENT", SmtpStates.Connected | SmtpStates.Ready, XClient.RunAsync) { IsOffered = XClient.IsOffered, MaxLine = PathLine },
        new("XFORWARD", SmtpStates.Ready, XForward.RunAsync) { IsOffered = XForward.IsOffered, NeedsAuth = true, MaxLine = PathLine },
        new("AUTH", SmtpStates.Ready, Auth.RunAsync) { IsOffered = Auth.IsOffered, NeedsTls = true, MaxLine = AuthLine, FaultReply = Auth.TemporaryFailure },
    ];

    /// <summary>Null for an unknown verb. Verbs compare without case (RFC 5321 §2.4).</summary>
    internal static SmtpCommand? Find(ReadOnlySpan<byte> verb)
    {
        foreach (var command in Table)
        {
            if (Ascii.EqualsIgnoreCase(verb, command.Verb)) return command;
        }
        return null;
    }

    /// <summary>The refusal of this command where the table does not allow it.</summary>
    internal SmtpReply OutOfSequence(SmtpState state) => state switch
    {
        SmtpState.Connected => SmtpReplies.HelloFirst,
        SmtpState.Chunks => SmtpReplies.InChunks,
        SmtpState.Ready => SmtpReplies.MailFirst,
        SmtpState.Mail { Attempted: var attempted } when AllowedIn.HasFlag(SmtpStates.Recipients) => attempted ? SmtpReplies.NoValidRecipients : SmtpReplies.RecipientFirst,
        _ => SmtpReplies.InTransaction,
    };
}
