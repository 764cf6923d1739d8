using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap.Commands;

/// <summary>MOVE and UID MOVE (RFC 6851): COPYUID untagged first, then the EXPUNGEs, so that a client can tell which message went where.</summary>
internal sealed record Move(SequenceSet Messages, bool ByUid, MailboxArgument Destination) : Command
{
    public static Command Parse(ref CommandScanner scanner) => Parse(ref scanner, byUid: false);

    public static Command ParseUid(ref CommandScanner scanner) => Parse(ref scanner, byUid: true);

    private static Move Parse(ref CommandScanner scanner, bool byUid)
    {
        scanner.Space();
        var messages = scanner.SequenceSet();
        scanner.Space();
        return new Move(messages, byUid, scanner.Mailbox());
    }

    public override async ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        var mailbox = session.Selected;
        if (mailbox.View.Resolve(Messages, ByUid) is not var (uids, _)) return Completion.NoSuchNumber;
        if (mailbox.ReadOnly) return Completion.ReadOnly;
        if (!mailbox.May(MailboxRights.DeleteMessages | MailboxRights.Expunge)) return Completion.NoPermission;
        var (destination, refusal) = await session.FindDestinationAsync(Destination, cancellationToken).ConfigureAwait(false);
        if (destination is null) return refusal;
        if (uids.IsEmpty) return Completion.Ok;
        switch (await session.WithProgressAsync(session.TransferAsync(mailbox, uids, destination, move: true, cancellationToken)).ConfigureAwait(false))
        {
            case CopyOutcome.Done { Messages.Count: 0 }:
                return ByUid ? Completion.Ok : Completion.SomeAreGone;
            case CopyOutcome.Done done:
                session.Output.Untagged("OK", Copy.CopyUid(done), "Moved");
                foreach (var message in done.Messages) mailbox.View.Expunge(message.Source);
                mailbox.Ring();
                return Completion.Expunged;
            case CopyOutcome.OverQuota:
                return Completion.OverQuota;
            default:
                return Completion.TryCreate;
        }
    }
}
