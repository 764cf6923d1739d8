using Merpati.Mailboxes;

namespace Merpati.Storage.MongoDb;

/// <summary>A mailbox goes on where another, whose messages it takes over, stopped.</summary>
internal sealed class ContinueMailbox(MailboxId mailbox, MailboxPast past) : AccountOperation<MailboxInfo?>
{
    public override void Declare(AccountNeeds needs) => needs.Tree = true;

    protected override Task<MailboxInfo?> DoAsync(AccountWork work)
    {
        var row = work.Find(mailbox);
        if (row?.Continue(past, work.Now) is true) work.Tree.UidValidityWasGiven(past.UidValidity);
        return Task.FromResult(row?.Info);
    }
}
