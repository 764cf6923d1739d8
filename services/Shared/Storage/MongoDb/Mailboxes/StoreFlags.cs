using Merpati.Mailboxes;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Merpati.Storage.MongoDb;

/// <summary>STORE (RFC 3501 §6.4.6, RFC 7162 §3.1.3). A message that has the flags already keeps its MODSEQ: nobody need look at it again.</summary>
internal sealed class StoreFlags(MailboxId mailbox, UidSet uids, FlagOperation operation, MessageFlags flags, ModSeq? unchangedSince) : AccountOperation<StoreOutcome>
{
    /// <summary>What one transaction does not hold.</summary>
    public UidSet Rest { get; private set; } = UidSet.Empty;

    public override void Declare(AccountNeeds needs) => needs.Mailboxes.Add(mailbox);

    protected override async Task<StoreOutcome> DoAsync(AccountWork work)
    {
        Rest = UidSet.Empty;
        if (work.Find(mailbox) is not { } row) return new StoreOutcome([], []);
        (var messages, Rest) = await StoredMessages.ListAsync(work, row, uids);
        var changed = new List<MessageState>(messages.Count);
        var modified = new List<Uid>();
        var writes = new List<(Uid Uid, MessageFlags Flags)>();
        ModSeq? modSeq = null;
        foreach (var message in messages)
        {
            if (message.ModSeq > unchangedSince)
            {
                modified.Add(message.Uid);
                continue;
            }
            var after = message.Flags.Apply(operation, flags);
            // Each command is within the limit, but many together need not be: then the message stays as it is.
            if (after.Keywords.Count > MessageFlags.MaxKeywords) continue;
            if (after.Equals(message.Flags))
            {
                changed.Add(message.State);
                continue;
            }
            modSeq ??= row.Advance();
            row.Reflag(message.Flags.System, after.System);
            changed.Add(new MessageState(message.Uid, modSeq.Value, after));
            writes.Add((message.Uid, after));
        }
        if (modSeq is { } change) await WriteAsync(work, change, writes);
        return new StoreOutcome(changed, modified);
    }

    /// <summary>Many messages, few combinations of flags: one update for all that are to have the same.</summary>
    private async Task WriteAsync(AccountWork work, ModSeq modSeq, List<(Uid Uid, MessageFlags Flags)> writes)
    {
        var updates =
            from same in writes.GroupBy(write => (write.Flags.System, Keywords: StoredFlags.Keywords(write.Flags)), write => write.Uid)
            let update = Update(modSeq, same.Key.System, same.Key.Keywords)
            from chunk in same.Chunk(StoredMessages.Chunk)
            select new UpdateManyModel<BsonDocument>(Where(work, chunk), update);
        foreach (var command in updates.Chunk(StoredMessages.Chunk))
            await work.Collections.Messages.BulkWriteAsync(work.Session, command, new BulkWriteOptions { IsOrdered = true }, work.CancellationToken);
    }

    private BsonDocument Where(AccountWork work, IEnumerable<Uid> written)
        => work.Where("_id", new BsonDocument("$in", new BsonArray(written.Select(uid => MailboxKeys.Message(mailbox, uid)))));

    private BsonDocument Update(ModSeq modSeq, SystemFlags system, string? keywords)
    {
        var set = new BsonDocument { { "flags", (int)system }, { "change", MailboxKeys.Change(mailbox, modSeq) } };
        var unset = new BsonDocument();
        if (keywords is null) unset.Add("keywords", "");
        else set.Add("keywords", keywords);
        if (system.HasFlag(SystemFlags.Deleted)) set.Add("deleted", Bson.Id(mailbox.Value));
        else unset.Add("deleted", "");
        var update = Bson.Set(set);
        if (unset.ElementCount > 0) update.Add("$unset", unset);
        return update;
    }
}
