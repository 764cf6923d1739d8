using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap.Commands;

/// <summary>REPLACE and UID REPLACE (RFC 8508): a message comes in the place of another in one step, into the same mailbox or another.</summary>
internal sealed record Replace(SequenceSet Message, bool ByUid, MailboxArgument Mailbox, IReadOnlyList<AppendPiece> Pieces, AppendPosition Position) : Command
{
    public override bool TakesMessage => Pieces is [.., AppendPiece.Literal];

    public static Command Parse(ref CommandScanner scanner) => Parse(ref scanner, byUid: false);

    public static Command ParseUid(ref CommandScanner scanner) => Parse(ref scanner, byUid: true);

    private static Replace Parse(ref CommandScanner scanner, bool byUid)
    {
        scanner.Space();
        var isStar = scanner.TryTake((byte)'*');
        var number = isStar ? SequenceRange.Star : scanner.NonZeroNumber();
        scanner.Space();
        var mailbox = scanner.Mailbox();
        scanner.Space();
        var pieces = new List<AppendPiece>();
        var position = AppendPieces.Parse(ref scanner, AppendPosition.Message, several: false, pieces);
        return new Replace(new SequenceSet([new SequenceRange(number, number)]), byUid, mailbox, pieces, position);
    }

    public override async ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        var selected = session.Selected;
        Completion? refusal = null;
        ReplacedMessage? replaced = null;
        if (selected.View.Resolve(Message, ByUid) is not var (uids, count)) refusal = Completion.NoSuchNumber;
        else if (selected.ReadOnly) refusal = Completion.ReadOnly;
        else if (!selected.May(MailboxRights.DeleteMessages | MailboxRights.Expunge)) refusal = Completion.NoPermission;
        else if (count == 0) refusal = Completion.No("NONEXISTENT", "No message has such a UID");
        else replaced = new ReplacedMessage(selected.Id, uids[0].First);
        var feed = new AppendFeed(session, Pieces, Position, several: false);
        var (done, completion) = await Append.RunAsync(session, Mailbox, feed, replaced, refusal, cancellationToken).ConfigureAwait(false);
        if (done is null) return completion;
        // Before the EXPUNGE (RFC 8508 §3.4), so that a client that loses the connection knows what it has.
        session.Output.Untagged("OK", Append.Code(done), "The message is replaced");
        selected.View.Expunge(replaced!.Value.Uid);
        selected.Ring();
        return Completion.Expunged;
    }
}
