using Merpati.Mailboxes;

namespace Merpati.Storage.MongoDb;

/// <summary>RENAME (RFC 3501 §6.3.5). Mailboxes keep their id, UIDVALIDITY and messages; subscriptions are names and stay as they are.</summary>
internal sealed class RenameMailbox(MailboxName from, MailboxName to) : AccountOperation<MailboxOutcome>
{
    /// <summary>INBOX cannot go away: its messages do, to this mailbox, and sessions that look at it see them expunged. Those that one transaction does not hold are left to MOVE.</summary>
    public MoveMessages? Rest { get; private set; }

    public override bool Shares => !from.IsInbox;

    public override void Declare(AccountNeeds needs)
    {
        needs.Tree = true;
        for (MailboxName? above = to; above is { } made; above = made.Parent) needs.Subscriptions.Add(made);
    }

    protected override async Task<MailboxOutcome> DoAsync(AccountWork work)
    {
        Rest = null;
        var tree = work.Tree;
        var source = tree.Find(from);
        var below = from.IsInbox ? [] : tree.Below(from);
        if (source is null && below.Count == 0) return MailboxOutcome.NonExistent;
        if (tree.Exists(to)) return MailboxOutcome.AlreadyExists;
        // A tree cannot hang below itself, and no name in it may become longer or deeper than a name can be.
        if (!from.IsInbox && to.IsBelow(from) || below.Exists(row => !MailboxName.TryParse(row.Info.Name.Rebase(from, to).Value, out _))) return MailboxOutcome.Cannot;
        // Where the new name is above others already, the two trees may not meet in one name.
        if (below.Exists(row => tree.Exists(row.Info.Name.Rebase(from, to)))) return MailboxOutcome.AlreadyExists;
        var parents = tree.MissingParents(to);
        if (!tree.HasRoom(parents.Count + (from.IsInbox ? 1 : 0))) return MailboxOutcome.Limit;

        await tree.LookUpSubscriptionsAsync(below.Select(row => row.Info.Name.Rebase(from, to)));
        foreach (var parent in parents) tree.Insert(parent, SpecialUse.None);
        if (from.IsInbox)
        {
            Rest = new MoveMessages(source!.Info.Id, UidSet.All, tree.Insert(to, SpecialUse.None).Info.Id);
            await Rest.RunAsync(work);
            return MailboxOutcome.Done;
        }
        if (source is not null) below.Insert(0, source);
        foreach (var row in below) tree.Rename(row, row.Info.Name.Rebase(from, to));
        return MailboxOutcome.Done;
    }
}
