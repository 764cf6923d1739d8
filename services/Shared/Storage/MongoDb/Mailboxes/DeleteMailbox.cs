using Merpati.Mailboxes;

namespace Merpati.Storage.MongoDb;

/// <summary>DELETE (RFC 3501 §6.3.4).</summary>
internal sealed class DeleteMailbox(MailboxName name) : AccountOperation<MailboxOutcome>
{
    public override bool Shares => true;

    public override void Declare(AccountNeeds needs) => needs.Tree = true;

    protected override Task<MailboxOutcome> DoAsync(AccountWork work) => Task.FromResult(Do(work.Tree));

    private MailboxOutcome Do(MailboxTree tree)
    {
        if (name.IsInbox) return MailboxOutcome.Cannot;
        if (tree.Find(name) is not { } row) return tree.Mailboxes.Any(other => other.Info.Name.IsBelow(name)) ? MailboxOutcome.HasChildren : MailboxOutcome.NonExistent;
        tree.Delete(row);
        return MailboxOutcome.Done;
    }
}

/// <summary>The whole account, in the same way. False when there is none.</summary>
internal sealed class RemoveAccount : AccountOperation<bool>
{
    public override void Declare(AccountNeeds needs) => needs.Tree = true;

    protected override async Task<bool> DoAsync(AccountWork work)
    {
        if (!work.Tree.HasAccount) return false;
        await work.Tree.RemoveAccountAsync();
        return true;
    }
}
