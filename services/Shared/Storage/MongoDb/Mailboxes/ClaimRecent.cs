using Merpati.Mailboxes;

namespace Merpati.Storage.MongoDb;

/// <summary>The messages that no session has been told of as recent become recent to this one (RFC 3501 §2.3.2).</summary>
internal sealed class ClaimRecent(MailboxId mailbox) : AccountOperation<Uid>
{
    public override bool Shares => true;

    public override void Declare(AccountNeeds needs) => needs.Mailboxes.Add(mailbox);

    // In a mailbox that is gone nothing is recent.
    protected override Task<Uid> DoAsync(AccountWork work) => Task.FromResult(work.Find(mailbox)?.ClaimRecent() ?? new Uid(uint.MaxValue));
}
