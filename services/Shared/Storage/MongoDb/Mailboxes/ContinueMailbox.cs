using Merpati.Mailboxes;

namespace Merpati.Storage.MongoDb;

/// <summary>A mailbox goes on where another, whose messages it takes over, stopped.</summary>
internal sealed class ContinueMailbox(MailboxId mailbox, MailboxPast past) : AccountOperation<MailboxInfo?>
{
    public override void Declare(AccountNeeds needs) => needs.Mailboxes.Add(mailbox);

    protected override Task<MailboxInfo?> DoAsync(AccountWork work)
    {
        var row = work.Find(mailbox);
        row?.Continue(past, work.Now);
        return Task.FromResult(row?.Info);
    }
}
