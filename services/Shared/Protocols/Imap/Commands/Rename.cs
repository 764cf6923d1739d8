using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap.Commands;

/// <summary>RENAME (RFC 3501 §6.3.5).</summary>
internal sealed record Rename(MailboxArgument From, MailboxArgument To) : Command
{
    private static readonly Completion OtherAccount = Completion.No("CANNOT", "A mailbox cannot leave its account, nor can an INBOX of another be renamed");

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
        if (ForeignName.IsReserved(to) || ForeignName.TryParse(from) is not null) return await RenameForeignAsync(session, from, to, cancellationToken).ConfigureAwait(false);
        var outcome = await session.Mailboxes.RenameAsync(session.Account.Id, from, to, cancellationToken).ConfigureAwait(false);
        // INBOX is still there (RFC 9051 §6.3.6).
        if (outcome == MailboxOutcome.Done && !from.IsInbox) OldName.Write(session, to, From.Denormalized ?? from.Value, exists: true);
        return Completion.Of(outcome);
    }

    /// <summary>RFC 4314 §4: <c>x</c> on the mailbox and <c>k</c> above its new name. A mailbox stays in its account, and INBOX where it is.</summary>
    private async ValueTask<Completion> RenameForeignAsync(ImapSession session, MailboxName from, MailboxName to, CancellationToken cancellationToken)
    {
        var mailbox = await session.FindAsync(from, cancellationToken).ConfigureAwait(false);
        if (ReachedMailbox.Refusal(mailbox, MailboxRights.DeleteMailbox) is { } refusal) return refusal;
        if (mailbox!.IsOwn || mailbox.Inside.IsInbox) return OtherAccount;
        if (ForeignName.TryParse(to) is not { } target || await session.FindParentAsync(target, cancellationToken).ConfigureAwait(false) is not { } parent || !parent.May(MailboxRights.Create)) return Completion.NoPermission;
        if (parent.Owner != mailbox.Owner) return OtherAccount;
        var outcome = await session.Mailboxes.RenameAsync(mailbox.Owner, mailbox.Inside, target.Inside, cancellationToken).ConfigureAwait(false);
        if (outcome != MailboxOutcome.Done) return Completion.Of(outcome);
        // Those that came into being above it.
        if (target.Inside.Parent is { } above && above != parent.Inside) await Inheritance.PassOnAsync(session, parent.Owner, parent.Id, parent.Inside, above, cancellationToken).ConfigureAwait(false);
        if (await session.FindAsync(to, cancellationToken).ConfigureAwait(false) is { } renamed) OldName.Write(session, renamed.Name, From.Denormalized ?? from.Value, exists: true);
        return Completion.Ok;
    }
}
