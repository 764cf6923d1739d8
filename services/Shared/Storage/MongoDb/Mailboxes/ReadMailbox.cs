using Merpati.Mailboxes;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Merpati.Storage.MongoDb;

/// <summary>Reads of one mailbox that must be of one moment: each within a transaction, which is a snapshot.</summary>
internal sealed class ReadMailbox(MailboxCollections collections, IClientSessionHandle session, AccountId account, MailboxId mailbox, CancellationToken cancellationToken)
{
    // The server cuts an answer where it gets too long.
    private const int Batch = 200_000;

    public async Task<(MailboxInfo Mailbox, Uid[] Uids)?> SnapshotAsync()
        => await FindAsync() is { } row ? (row.Info, await UidsAsync(collections.Messages, session, account, mailbox, cancellationToken)) : null;

    public async Task<MailboxChanges?> ChangesAsync(ModSeq since)
    {
        if (await FindAsync() is not { } row) return null;
        if (since >= row.Info.HighestModSeq) return new MailboxChanges(row.Info, [], UidSet.Empty);
        using var found = await collections.Messages.FindAsync(
            session, Where("change", MailboxKeys.Changes(mailbox, since)), new FindOptions<BsonDocument, StoredMessage> { Projection = StoredMessage.States, BatchSize = Batch }, cancellationToken);
        var changed = (await found.ToListAsync(cancellationToken)).ConvertAll(message => message.State);
        changed.Sort(static (one, other) => one.Uid.CompareTo(other.Uid));
        return new MailboxChanges(row.Info, changed, since < row.Forgotten ? await MissingAsync(row) : await TombstonesAsync(since));
    }

    /// <summary>All UIDs of a mailbox, ascending.</summary>
    public static async Task<Uid[]> UidsAsync(IMongoCollection<BsonDocument> messages, IClientSessionHandle? session, AccountId account, MailboxId mailbox, CancellationToken cancellationToken)
    {
        var all = AccountWork.Where(account, "_id", MailboxKeys.Messages(mailbox, UidSet.All[0]));
        var options = new FindOptions<BsonDocument, StoredMessage> { Projection = StoredMessage.Uids, Sort = new BsonDocument("_id", 1), BatchSize = Batch };
        using var found = session is null ? await messages.FindAsync(all, options, cancellationToken) : await messages.FindAsync(session, all, options, cancellationToken);
        var uids = new List<Uid>();
        while (await found.MoveNextAsync(cancellationToken)) uids.AddRange(found.Current.Select(message => message.Uid));
        return [.. uids];
    }

    private async Task<MailboxRow?> FindAsync()
    {
        using var found = await collections.Mailboxes.FindAsync(session, Where("_id", Bson.Id(mailbox.Value)), cancellationToken: cancellationToken);
        return await found.FirstOrDefaultAsync(cancellationToken) is { } document ? MailboxRow.Read(document) : null;
    }

    private async Task<UidSet> TombstonesAsync(ModSeq since)
    {
        var runs = new List<UidRange>();
        using var found = await collections.Tombstones.FindAsync(session, Where("_id", MailboxKeys.Changes(mailbox, since)), cancellationToken: cancellationToken);
        await found.ForEachAsync(tombstone => runs.AddRange(StoredMessages.ReadRuns(tombstone.Octets("uids"))), cancellationToken);
        return UidSet.Of(runs);
    }

    /// <summary>The tombstones that would tell are forgotten: everything that is not there was expunged at some time.</summary>
    private async Task<UidSet> MissingAsync(MailboxRow row)
    {
        var missing = new List<UidRange>();
        var next = 1L;
        foreach (var uid in await UidsAsync(collections.Messages, session, account, mailbox, cancellationToken))
        {
            Add(missing, next, uid.Value - 1L);
            next = uid.Value + 1L;
        }
        Add(missing, next, row.Info.UidNext.Value - 1L);
        return UidSet.Of(missing);
    }

    private BsonDocument Where(string field, BsonValue condition) => AccountWork.Where(account, field, condition);

    private static void Add(List<UidRange> ranges, long first, long last)
    {
        if (first <= last) ranges.Add(new UidRange(new Uid((uint)first), new Uid((uint)last)));
    }
}
