using System.Buffers.Binary;
using Merpati.Mailboxes;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Merpati.Storage.MongoDb;

/// <summary>What STORE, COPY, MOVE, EXPUNGE and clearing away have in common, each within a transaction of the caller.</summary>
internal static class StoredMessages
{
    /// <summary>Documents in one command.</summary>
    public const int Chunk = 1000;

    private static readonly FindOptions<BsonDocument, StoredMessage> All = new() { Projection = StoredMessage.All, Sort = new BsonDocument("_id", 1), BatchSize = 20 * Chunk };

    /// <summary>Those of the set that exist, UID ascending, and which of the set are left for another transaction.</summary>
    public static async Task<(List<StoredMessage> Messages, UidSet Left)> ListAsync(AccountWork work, MailboxRow mailbox, UidSet uids)
    {
        // What comes in later was not meant: a copy into the same mailbox ends.
        uids = Clip(uids, new Uid(1), mailbox.Info.UidNext);
        var messages = new List<StoredMessage>();
        foreach (var query in UidQuery.Of(uids))
        {
            using var found = await work.Collections.Messages.FindAsync(work.Session, work.Where("_id", query.Condition(mailbox.Info.Id)), All, work.CancellationToken);
            while (await found.MoveNextAsync(work.CancellationToken))
            {
                foreach (var message in found.Current)
                {
                    if (!uids.Contains(message.Uid)) continue;
                    if (messages.Count == work.MessageLimit) return (messages, Clip(uids, message.Uid, mailbox.Info.UidNext));
                    messages.Add(message);
                }
            }
        }
        return (messages, UidSet.Empty);
    }

    /// <summary>Those that have \Deleted, whatever else lies in the mailbox.</summary>
    public static async Task<(List<StoredMessage> Messages, UidSet Left)> ListDeletedAsync(AccountWork work, MailboxRow mailbox, UidSet uids)
    {
        if (mailbox.Info.Deleted == 0) return ([], UidSet.Empty);
        var all = work.Where("deleted", Bson.Id(mailbox.Info.Id.Value));
        using var found = await work.Collections.Messages.FindAsync(work.Session, all, All, work.CancellationToken);
        var messages = (await found.ToListAsync(work.CancellationToken)).FindAll(message => uids.Contains(message.Uid));
        return messages.Count <= work.MessageLimit ? (messages, UidSet.Empty) : (messages[..work.MessageLimit], Clip(uids, messages[work.MessageLimit].Uid, mailbox.Info.UidNext));
    }

    /// <summary>Puts the messages into the destination under new UIDs and leaves tombstones in the source. Both may be one mailbox.</summary>
    public static async Task<List<CopiedMessage>> MoveAsync(AccountWork work, MailboxRow source, List<StoredMessage> messages, MailboxRow destination)
    {
        var modSeq = destination.Advance();
        var moved = new List<CopiedMessage>(messages.Count);
        foreach (var message in messages)
        {
            source.Remove(message.Uid, message.Flags.System, message.Size);
            var uid = destination.Add(message.Flags.System, message.Size);
            await work.InsertAsync(destination.Info.Id, message with { Uid = uid, ModSeq = modSeq, SavedAt = work.Now }, details: null);
            moved.Add(new CopiedMessage(message.Uid, uid));
        }
        await DeleteAsync(work, source.Info.Id, messages);
        await LeaveTombstonesAsync(work, source.Info.Id, source == destination ? modSeq : source.Advance(), messages);
        return moved;
    }

    /// <summary>Removes the messages and leaves tombstones.</summary>
    public static async Task ExpungeAsync(AccountWork work, MailboxRow mailbox, List<StoredMessage> messages)
    {
        foreach (var message in messages) mailbox.Remove(message.Uid, message.Flags.System, message.Size);
        await DeleteAsync(work, mailbox.Info.Id, messages);
        await ReleaseAsync(work, messages);
        await LeaveTombstonesAsync(work, mailbox.Info.Id, mailbox.Advance(), messages);
        work.Use(-messages.Sum(message => message.Size), -messages.Count);
    }

    public static async Task DeleteAsync(AccountWork work, MailboxId mailbox, List<StoredMessage> messages)
    {
        foreach (var chunk in messages.Chunk(Chunk))
        {
            await work.Collections.Messages.DeleteManyAsync(
                work.Session, work.Where("_id", new BsonDocument("$in", new BsonArray(chunk.Select(message => MailboxKeys.Message(mailbox, message.Uid))))), cancellationToken: work.CancellationToken);
        }
    }

    /// <summary>One more message for each has these details.</summary>
    public static async Task ShareAsync(AccountWork work, List<StoredMessage> messages)
    {
        foreach (var (copies, chunk) in ByCopies(messages))
            await work.Collections.Details.UpdateManyAsync(work.Session, Details(work, chunk), Bson.Inc("messages", copies), cancellationToken: work.CancellationToken);
    }

    /// <summary>Removes what the messages share with their copies if they were the last.</summary>
    public static async Task ReleaseAsync(AccountWork work, List<StoredMessage> messages)
    {
        foreach (var (copies, chunk) in ByCopies(messages))
        {
            var details = Details(work, chunk);
            // Mostly that is all of them.
            var gone = await work.Collections.Details.DeleteManyAsync(work.Session, new BsonDocument(details) { { "messages", copies } }, cancellationToken: work.CancellationToken);
            if (gone.DeletedCount < chunk.Length) await work.Collections.Details.UpdateManyAsync(work.Session, details, Bson.Inc("messages", -copies), cancellationToken: work.CancellationToken);
            await MongoSearchIndex.RemoveAsync(work.Collections, work.Session, gone.DeletedCount == chunk.Length ? details : await GoneAsync(work, details, chunk), work.CancellationToken);
        }
    }

    /// <summary>Those of the chunk whose details are not there any more.</summary>
    private static async Task<BsonDocument> GoneAsync(AccountWork work, BsonDocument details, Guid[] chunk)
    {
        using var found = await work.Collections.Details.FindAsync(work.Session, details, new FindOptions<BsonDocument> { Projection = Bson.Only("_id"), BatchSize = Chunk }, work.CancellationToken);
        return Details(work, [.. chunk.Except((await found.ToListAsync(work.CancellationToken)).Select(document => document.Guid("_id")))]);
    }

    private static BsonDocument Details(AccountWork work, Guid[] details) => work.Where("_id", new BsonDocument("$in", Bson.Ids(details)));

    /// <summary>The details, together with those that as many of the messages have.</summary>
    private static IEnumerable<(int Copies, Guid[] Details)> ByCopies(List<StoredMessage> messages)
        => from detail in messages.GroupBy(message => message.Detail) group detail.Key by detail.Count() into same from chunk in same.Chunk(Chunk) select (same.Key, chunk);

    private static Task LeaveTombstonesAsync(AccountWork work, MailboxId mailbox, ModSeq modSeq, List<StoredMessage> messages) => work.Collections.Tombstones.InsertOneAsync(work.Session, new BsonDocument
    {
        { "_id", MailboxKeys.Change(mailbox, modSeq) },
        { "account", Bson.Id(work.Account.Value) },
        { "expungedAt", Bson.Time(work.Now) },
        { "uids", WriteRuns(UidSet.Of(messages.Select(message => message.Uid))) },
    }, cancellationToken: work.CancellationToken);

    /// <summary>First and last UID of each run, eight octets.</summary>
    private static byte[] WriteRuns(UidSet uids)
    {
        var octets = new byte[uids.Count * 2 * sizeof(uint)];
        var rest = octets.AsSpan();
        foreach (var run in uids)
        {
            BinaryPrimitives.WriteUInt32BigEndian(rest, run.First.Value);
            BinaryPrimitives.WriteUInt32BigEndian(rest[sizeof(uint)..], run.Last.Value);
            rest = rest[(2 * sizeof(uint))..];
        }
        return octets;
    }

    public static IEnumerable<UidRange> ReadRuns(byte[] octets)
    {
        for (var at = 0; at < octets.Length; at += 2 * sizeof(uint))
            yield return new UidRange(new Uid(BinaryPrimitives.ReadUInt32BigEndian(octets.AsSpan(at))), new Uid(BinaryPrimitives.ReadUInt32BigEndian(octets.AsSpan(at + sizeof(uint)))));
    }

    /// <summary>Those from <paramref name="first"/> and below <paramref name="end"/>.</summary>
    private static UidSet Clip(UidSet uids, Uid first, Uid end) => UidSet.Of(uids
        .Where(range => range.Last >= first && range.First < end)
        .Select(range => new UidRange(range.First < first ? first : range.First, range.Last < end ? range.Last : new Uid(end.Value - 1))));
}
