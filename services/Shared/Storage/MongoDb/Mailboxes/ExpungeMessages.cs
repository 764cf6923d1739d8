using Merpati.Mailboxes;

namespace Merpati.Storage.MongoDb;

/// <summary>EXPUNGE and UID EXPUNGE (RFC 3501 §6.4.3, RFC 4315 §2.1).</summary>
internal sealed class ExpungeMessages(MailboxId mailbox, UidSet uids, bool onlyDeleted) : AccountOperation<IReadOnlyList<Uid>>
{
    /// <summary>What one transaction does not hold.</summary>
    public UidSet Rest { get; private set; } = UidSet.Empty;

    public override void Declare(AccountNeeds needs) => needs.Mailboxes.Add(mailbox);

    protected override async Task<IReadOnlyList<Uid>> DoAsync(AccountWork work)
    {
        Rest = UidSet.Empty;
        if (work.Find(mailbox) is not { } row) return [];
        (var messages, Rest) = onlyDeleted ? await StoredMessages.ListDeletedAsync(work, row, uids) : await StoredMessages.ListAsync(work, row, uids);
        if (messages.Count == 0) return [];
        await StoredMessages.ExpungeAsync(work, row, messages);
        return messages.ConvertAll(message => message.Uid);
    }
}
