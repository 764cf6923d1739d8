using System.Runtime.CompilerServices;
using Merpati.Mailboxes;
using Merpati.Queueing;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Merpati.Storage.MongoDb;

/// <summary>Each entry by itself: a document is of one moment. The fence is read after them, as it only goes up.</summary>
internal sealed class QueueInspection(MongoConnection connection, TimeProvider time)
{
    private const int EntriesPerPage = 256;

    private readonly IMongoCollection<BsonDocument> _entries = connection.Collection(QueueIndexes.Entries);
    private readonly IMongoCollection<BsonDocument> _fence = connection.Collection(QueueIndexes.Fence);

    public async IAsyncEnumerable<Damage> InspectAsync(CheckContents check, bool mend, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var token = 0L;
        await foreach (var page in connection.PagesAsync(QueueIndexes.Entries, [], "_id", EntriesPerPage, null, cancellationToken))
        {
            var uses = new List<ContentUse>();
            foreach (var document in page)
            {
                token = Math.Max(token, document.LongOrNull("token") ?? 0);
                var where = $"queue entry {new QueueId(document.Guid("_id"))}";
                if (!QueueDocuments.TryRead(document, out var entry, out var problem))
                {
                    yield return new Damage(DamageKind.EntryUnreadable, where, problem);
                    continue;
                }
                uses.Add(new ContentUse(entry.Content, entry.Size, where));
                if (!entry.Recipients.Any(recipient => recipient.State.IsOpen())) yield return new Damage(DamageKind.EntryClosed, where, $"all of its {entry.Recipients.Count} recipients are closed, and it is still there");
                if (document["due"].IsBsonNull && entry.Recipients.Count(recipient => recipient.State == RecipientState.Queued) is > 0 and var queued)
                    yield return new Damage(DamageKind.EntryStuck, where, $"{queued} of its recipients are queued, and it is never due", mend && await MakeDueAsync(document, cancellationToken));
            }
            foreach (var damage in await check(uses, cancellationToken)) yield return damage;
        }
        var fence = await connection.RunAsync(async cancel => (await (await _fence.FindAsync(new BsonDocument("_id", MongoMailQueue.FenceId), cancellationToken: cancel)).FirstOrDefaultAsync(cancel))?["lastToken"].ToInt64() ?? -1, cancellationToken);
        if (fence >= token) yield break;
        if (mend) await connection.RunAsync(cancel => _fence.UpdateOneAsync(new BsonDocument("_id", MongoMailQueue.FenceId), new BsonDocument("$max", new BsonDocument("lastToken", token)), new UpdateOptions { IsUpsert = true }, cancel), cancellationToken);
        yield return new Damage(DamageKind.FenceBehind, "queue", fence < 0 ? "the counter of lease tokens is missing" : $"the last lease token is said to be {fence}, and an entry has {token}", mend);
    }

    /// <summary>Unless somebody changed it meanwhile.</summary>
    private async ValueTask<bool> MakeDueAsync(BsonDocument document, CancellationToken cancellationToken)
        => (await connection.RunAsync(token => _entries.UpdateOneAsync(
            new BsonDocument { { "_id", document["_id"] }, { "revision", document["revision"] }, { "due", BsonNull.Value } },
            new BsonDocument { { "$set", new BsonDocument("due", Bson.Time(time.GetUtcNow())) }, { "$inc", new BsonDocument("revision", 1L) } }, cancellationToken: token), cancellationToken)).ModifiedCount == 1;
}
