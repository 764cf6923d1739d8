using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap.Commands;

/// <summary>DELETE (RFC 3501 §6.3.4).</summary>
internal sealed record Delete(MailboxArgument Mailbox) : Command
{
    public static Command Parse(ref CommandScanner scanner)
    {
        scanner.Space();
        return new Delete(scanner.Mailbox());
    }

    public override async ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        if (Mailbox.Name is not { } name) return Completion.NoSuchMailbox;
        var (owner, inside) = (session.Account.Id, name);
        if (ForeignName.TryParse(name) is not null && await session.FindAsync(name, cancellationToken).ConfigureAwait(false) is var mailbox)
        {
            if (ReachedMailbox.Refusal(mailbox, MailboxRights.DeleteMailbox) is { } refusal) return refusal;
            (owner, inside) = (mailbox!.Owner, mailbox.Inside);
        }
        var outcome = await session.Mailboxes.DeleteAsync(owner, inside, cancellationToken).ConfigureAwait(false);
        // Who deletes the mailbox it has selected has none selected.
        if (outcome == MailboxOutcome.Done && session.TrySelected is { } selected
            && await session.Mailboxes.GetAsync(selected.Account, selected.Id, cancellationToken).ConfigureAwait(false) is null) session.Deselect();
        if (outcome == MailboxOutcome.Done) OldName.WriteIfDenormalized(session, Mailbox, exists: false);
        return Completion.Of(outcome);
    }
}
