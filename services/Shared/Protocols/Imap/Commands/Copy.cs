using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap.Commands;

/// <summary>COPY and UID COPY (RFC 3501 §6.4.7), with COPYUID (RFC 4315 §3).</summary>
internal sealed record Copy(SequenceSet Messages, bool ByUid, MailboxArgument Destination) : Command
{
    public static Command Parse(ref CommandScanner scanner) => Parse(ref scanner, byUid: false);

    public static Command ParseUid(ref CommandScanner scanner) => Parse(ref scanner, byUid: true);

    private static Copy Parse(ref CommandScanner scanner, bool byUid)
    {
        scanner.Space();
        var messages = scanner.SequenceSet();
        scanner.Space();
        return new Copy(messages, byUid, scanner.Mailbox());
    }

    public override async ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        var mailbox = session.Selected;
        if (mailbox.View.Resolve(Messages, ByUid) is not var (uids, _)) return Completion.NoSuchNumber;
        var (destination, refusal) = await session.FindDestinationAsync(Destination, cancellationToken).ConfigureAwait(false);
        if (destination is null) return refusal;
        if (uids.IsEmpty) return Completion.Ok;
        return await session.WithProgressAsync(session.TransferAsync(mailbox, uids, destination, move: false, cancellationToken)).ConfigureAwait(false) switch
        {
            CopyOutcome.Done { Messages.Count: 0 } => ByUid ? Completion.Ok : Completion.SomeAreGone,
            CopyOutcome.Done done => Copied(mailbox, destination, done),
            CopyOutcome.OverQuota => Completion.OverQuota,
            _ => Completion.TryCreate,
        };
    }

    private static Completion Copied(SelectedMailbox mailbox, ReachedMailbox destination, CopyOutcome.Done done)
    {
        // Copies into the mailbox itself are told of at once, whether or not a bell rang.
        if (destination.Id == mailbox.Id) mailbox.Ring();
        return Completion.OkWith(CopyUid(done));
    }

    /// <summary><c>COPYUID validity sources destinations</c>; both sets in the same order.</summary>
    public static string CopyUid(CopyOutcome.Done done)
        => $"COPYUID {done.UidValidity} {UidSet.Of(done.Messages.Select(message => message.Source))} {UidSet.Of(done.Messages.Select(message => message.Destination))}";
}
