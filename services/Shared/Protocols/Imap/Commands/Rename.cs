using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap.Commands;

/// <summary>RENAME (RFC 3501 §6.3.5).</summary>
internal sealed record Rename(MailboxArgument From, MailboxArgument To) : Command
{
    public static Command Parse(ref CommandScanner scanner)
    {
        scanner.Space();
        var from = scanner.Mailbox();
        scanner.Space();
        return new Rename(from, scanner.Mailbox().WithoutTrailingDelimiter());
    }

    public override async ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        if (From.Name is not { } from) return Completion.NoSuchMailbox;
        if (To.Name is not { } to) return Completion.ImpossibleName;
        var outcome = await session.Mailboxes.RenameAsync(session.Account.Id, from, to, cancellationToken).ConfigureAwait(false);
        // INBOX is still there (RFC 9051 §6.3.6).
        if (outcome == MailboxOutcome.Done && !from.IsInbox) OldName.Write(session, to, From.Denormalized ?? from.Value, exists: true);
        return Completion.Of(outcome);
    }
}
