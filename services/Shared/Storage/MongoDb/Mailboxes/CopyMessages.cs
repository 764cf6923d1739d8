using Merpati.Mailboxes;

namespace Merpati.Storage.MongoDb;

/// <summary>COPY (RFC 3501 §6.4.7). A copy shares the details of its original.</summary>
internal sealed class CopyMessages(MailboxId source, UidSet uids, MailboxId destination, QuotaUsage? quota) : AccountOperation<CopyOutcome>
{
    /// <summary>What one transaction does not hold.</summary>
    public UidSet Rest { get; private set; } = UidSet.Empty;

    public override void Declare(AccountNeeds needs)
    {
        needs.Mailboxes.UnionWith([source, destination]);
        needs.Usage = quota is not null;
    }

    protected override async Task<CopyOutcome> DoAsync(AccountWork work)
    {
        Rest = UidSet.Empty;
        if (work.Find(source) is not { } from || work.Find(destination) is not { } to) return new CopyOutcome.NoSuchMailbox();
        (var messages, Rest) = await StoredMessages.ListAsync(work, from, uids);
        if (messages.Count == 0) return new CopyOutcome.Done(to.Info.UidValidity, []);
        if (!work.TryUse(messages.Sum(message => message.Size), messages.Count, quota)) return new CopyOutcome.OverQuota();

        var modSeq = to.Advance();
        var copied = new List<CopiedMessage>(messages.Count);
        foreach (var message in messages)
        {
            var uid = to.Add(message.Flags.System, message.Size);
            await work.InsertAsync(destination, message with { Uid = uid, ModSeq = modSeq, SavedAt = work.Now }, details: null);
            copied.Add(new CopiedMessage(message.Uid, uid));
        }
        await StoredMessages.ShareAsync(work, messages);
        return new CopyOutcome.Done(to.Info.UidValidity, copied);
    }
}
