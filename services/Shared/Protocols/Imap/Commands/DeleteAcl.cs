using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap.Commands;

/// <summary>DELETEACL (RFC 4314 §3.2).</summary>
internal sealed record DeleteAcl(MailboxArgument Mailbox, string Identifier) : Command
{
    public static Command Parse(ref CommandScanner scanner)
    {
        scanner.Space();
        var mailbox = scanner.Mailbox();
        scanner.Space();
        return new DeleteAcl(mailbox, Imap.Identifier.Parse(ref scanner) ?? "");
    }

    public override ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
        => SetAcl.ChangeAsync(session, Mailbox, Identifier, FlagOperation.Replace, MailboxRights.None, cancellationToken);
}
