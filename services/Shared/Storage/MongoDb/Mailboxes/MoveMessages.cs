using Merpati.Mailboxes;

namespace Merpati.Storage.MongoDb;

/// <summary>MOVE (RFC 6851). Nothing is used that was not used before, so no quota is asked.</summary>
internal sealed class MoveMessages(MailboxId source, UidSet uids, MailboxId destination) : AccountOperation<CopyOutcome>
{
    /// <summary>What one transaction does not hold.</summary>
    public UidSet Rest { get; private set; } = UidSet.Empty;

    public MailboxId Source => source;

    public MailboxId Destination => destination;

    public override void Declare(AccountNeeds needs) => needs.Mailboxes.UnionWith([source, destination]);

    protected override async Task<CopyOutcome> DoAsync(AccountWork work)
    {
        Rest = UidSet.Empty;
        // One row where both are one mailbox, so that its counters and its MODSEQ are one.
        if (work.Find(source) is not { } from || work.Find(destination) is not { } to) return new CopyOutcome.NoSuchMailbox();
        (var messages, Rest) = await StoredMessages.ListAsync(work, from, uids);
        if (messages.Count == 0) return new CopyOutcome.Done(to.Info.UidValidity, []);
        return new CopyOutcome.Done(to.Info.UidValidity, await StoredMessages.MoveAsync(work, from, messages, to));
    }
}
