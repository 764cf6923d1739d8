using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap.Commands;

/// <summary>EXPUNGE (RFC 3501 §6.4.3) and UID EXPUNGE (RFC 4315 §2.1).</summary>
/// <param name="Uids">Null for all.</param>
internal sealed record Expunge(SequenceSet? Uids) : Command
{
    public static Command Parse(ref CommandScanner scanner) => new Expunge((SequenceSet?)null);

    public static Command ParseUid(ref CommandScanner scanner)
    {
        scanner.Space();
        return new Expunge(scanner.SequenceSet());
    }

    public override async ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        var mailbox = session.Selected;
        if (mailbox.ReadOnly) return Completion.ReadOnly;
        if (!mailbox.May(MailboxRights.Expunge)) return Completion.NoPermission;
        var uids = Uids is null ? UidSet.All : mailbox.View.Resolve(Uids, byUid: true)!.Value.Uids;
        if (uids.IsEmpty) return Completion.Ok;
        var expunged = await session.WithProgressAsync(session.Mailboxes.ExpungeAsync(mailbox.Account, mailbox.Id, uids, onlyDeleted: true, cancellationToken)).ConfigureAwait(false);
        if (expunged.Count == 0) return Completion.Ok;
        foreach (var uid in expunged) mailbox.View.Expunge(uid);
        // HIGHESTMODSEQ has to cover it, whether or not the bell came through.
        mailbox.Ring();
        return Completion.Expunged;
    }
}
