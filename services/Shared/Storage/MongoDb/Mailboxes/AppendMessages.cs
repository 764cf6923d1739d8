using Merpati.Mailboxes;
using MessageStructureCodec = Merpati.Mailboxes.V1.MessageStructureCodec;
using MongoDB.Bson;

namespace Merpati.Storage.MongoDb;

/// <summary>
/// Puts messages into a mailbox:
/// 1. a delivery that was recorded before is answered with what became of it, even where the mailbox is gone since;
/// 2. the mailbox, and room in the quota;
/// 3. the messages, UIDs ascending, one MODSEQ for all;
/// 4. the delivery is recorded.
/// With REPLACE the message in whose place they come goes in the same transaction.
/// </summary>
internal sealed class AppendMessages(MailboxId mailbox, IReadOnlyList<NewMessage> messages, DeliveryKey? delivery, QuotaUsage? quota, ReplacedMessage? replaced = null) : AccountOperation<AppendOutcome>
{
    private readonly byte[][] _structures = [.. messages.Select(message => MessageStructureCodec.Encode(message.Structure))];

    public override bool Shares => replaced is null;

    public override long Octets => _structures.Sum(structure => (long)structure.Length) + messages.Sum(message => (long)message.TracePrefix.Length);

    public override void Declare(AccountNeeds needs)
    {
        needs.Mailboxes.Add(mailbox);
        if (delivery is { } key) needs.Deliveries.Add(key);
        if (replaced is { } other) needs.Mailboxes.Add(other.Mailbox);
        if (quota is not null) needs.Usage = true;
    }

    protected override async Task<AppendOutcome> DoAsync(AccountWork work)
    {
        if (delivery is { } key && work.Find(key) is { } done) return new AppendOutcome.AlreadyDelivered(done);
        if (work.Find(mailbox) is not { } row) return new AppendOutcome.NoSuchMailbox();
        if (replaced is { } other) return await ReplaceAsync(work, row, other);
        if (!work.TryUse(messages.Sum(message => message.Size), messages.Count, quota)) return new AppendOutcome.OverQuota();
        return messages.Count == 0 ? new AppendOutcome.Done([]) : await PutAsync(work, row);
    }

    /// <summary>REPLACE (RFC 8508). The room of the old message is free for the new one; who is over the quota may replace by a smaller one.</summary>
    private async Task<AppendOutcome> ReplaceAsync(AccountWork work, MailboxRow row, ReplacedMessage other)
    {
        if (work.Find(other.Mailbox) is not { } source) return new AppendOutcome.NoSuchMessage();
        if (await StoredMessages.ListAsync(work, source, UidSet.Of(other.Uid)) is not ([var old] gone, _)) return new AppendOutcome.NoSuchMessage();
        var size = messages.Sum(message => message.Size);
        var limits = quota is null || size <= old.Size ? null : quota with { OctetLimit = quota.OctetLimit + old.Size, MessageLimit = quota.MessageLimit + 1 };
        if (!work.TryUse(size, messages.Count, limits)) return new AppendOutcome.OverQuota();
        await StoredMessages.ExpungeAsync(work, source, gone);
        return await PutAsync(work, row);
    }

    private async Task<AppendOutcome.Done> PutAsync(AccountWork work, MailboxRow row)
    {
        var modSeq = row.Advance();
        var appended = new Appended[messages.Count];
        for (var i = 0; i < appended.Length; i++)
        {
            var uid = row.Add(messages[i].Flags.System, messages[i].Size, messages[i].Earlier?.Uid);
            var (message, structure) = (messages[i], _structures[i]);
            var detail = Guid.CreateVersion7(work.Now);
            await work.InsertAsync(
                mailbox, new StoredMessage(uid, modSeq, message.Flags, message.Size, message.Earlier?.SaveDate ?? work.Now, detail, structure.Length + message.TracePrefix.Length),
                StoredDetails.ToDocument(work.Account, detail, message, structure, work.Now));
            appended[i] = new Appended(mailbox, row.Info.UidValidity, uid, modSeq);
        }
        if (delivery is { } recorded) work.Record(recorded, appended[0]);
        return new AppendOutcome.Done(appended);
    }
}
