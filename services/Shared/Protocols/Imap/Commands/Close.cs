using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap.Commands;

/// <summary>CLOSE (RFC 3501 §6.4.2): expunges without a word, unless the mailbox is read-only or there is no right to (RFC 4314 §4).</summary>
internal sealed record Close : Command
{
    public static Command Parse(ref CommandScanner scanner) => new Close();

    public override async ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        var mailbox = session.Selected;
        if (!mailbox.ReadOnly && mailbox.May(MailboxRights.Expunge)) await session.Mailboxes.ExpungeAsync(mailbox.Account, mailbox.Id, UidSet.All, onlyDeleted: true, cancellationToken).ConfigureAwait(false);
        session.Deselect();
        return Completion.Ok;
    }
}
