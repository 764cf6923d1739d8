using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap.Commands;

/// <summary>MYRIGHTS (RFC 4314 §3.5).</summary>
internal sealed record MyRights(MailboxArgument Mailbox) : Command
{
    public static Command Parse(ref CommandScanner scanner)
    {
        scanner.Space();
        return new MyRights(scanner.Mailbox());
    }

    public override async ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        if (await session.FindAsync(Mailbox, cancellationToken).ConfigureAwait(false) is not { IsNoticeable: true } mailbox) return Completion.NoSuchMailbox;
        Write(session.Output, mailbox);
        return Completion.Ok;
    }

    /// <summary>Also of LIST RETURN (MYRIGHTS) (RFC 8440).</summary>
    public static void Write(ResponseWriter output, ReachedMailbox mailbox) => output.Raw("* MYRIGHTS "u8).Mailbox(mailbox.Name).Raw(" "u8).Ascii(RightsText.Format(mailbox.Rights)).Line();
}
