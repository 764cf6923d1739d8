using Merpati.Mailboxes;

namespace Merpati.Storage.MongoDb;

/// <summary>SUBSCRIBE and UNSUBSCRIBE (RFC 3501 §6.3.6, §6.3.7): names, whether or not there is such a mailbox.</summary>
internal sealed class Subscribe(MailboxName name, bool subscribed) : AccountOperation<bool>
{
    public override bool Shares => true;

    public override void Declare(AccountNeeds needs)
    {
        needs.Tree = true;
        needs.Subscriptions.Add(name);
    }

    protected override Task<bool> DoAsync(AccountWork work)
    {
        work.Tree.EnsureAccount();
        work.Tree.Subscribe(name, subscribed);
        return Task.FromResult(true);
    }
}
