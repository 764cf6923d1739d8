using MongoDB.Bson;
using MongoDB.Driver;

namespace Merpati.Storage.MongoDb;

/// <inheritdoc cref="ISharedRecords"/>
/// <remarks>The kind and the key are the <c>_id</c>, so that one index answers everything.</remarks>
public sealed class MongoSharedRecords : ISharedRecords
{
    private readonly MongoConnection _connection;
    private readonly IMongoCollection<BsonDocument> _records;
    private readonly TimeProvider _time;

    internal MongoSharedRecords(MongoConnection connection, TimeProvider time)
    {
        _connection = connection;
        _records = connection.Collection(QueueIndexes.Shared);
        _time = time;
    }

    public ValueTask<SharedRecord?> FindAsync(string kind, string key, CancellationToken cancellationToken)
        => _connection.RunAsync(async token =>
        {
            using var cursor = await _records.FindAsync(new BsonDocument { { "_id", Id(kind, key) }, { "expiresAt", InFuture() } }, cancellationToken: token);
            return await cursor.FirstOrDefaultAsync(token) is { } document ? Read(document) : null;
        }, cancellationToken);

    public ValueTask<IReadOnlyList<SharedRecord>> ListAsync(string kind, string? after, int limit, CancellationToken cancellationToken)
        => _connection.RunAsync<IReadOnlyList<SharedRecord>>(async token =>
        {
            // The character after the line break ends the kind.
            var range = new BsonDocument { { "$gt", Id(kind, after ?? "") }, { "$lt", kind + '\v' } };
            var inOrder = new FindOptions<BsonDocument> { Sort = new BsonDocument("_id", 1), Limit = limit };
            using var cursor = await _records.FindAsync(new BsonDocument { { "_id", range }, { "expiresAt", InFuture() } }, inOrder, token);
            return (await cursor.ToListAsync(token)).ConvertAll(Read);
        }, cancellationToken);

    public ValueTask<bool> TryPutAsync(SharedRecord record, CancellationToken cancellationToken)
        => _connection.RunAsync(async token =>
        {
            var id = new BsonDocument("_id", Id(record.Kind, record.Key));
            if (record.Version != 0)
            {
                var same = new BsonDocument(id) { { "version", record.Version } };
                return (await _records.UpdateOneAsync(same, Written(record), cancellationToken: token)).ModifiedCount == 1;
            }
            var free = new BsonDocument(id) { { "expiresAt", new BsonDocument("$lte", Bson.Time(_time.GetUtcNow())) } };
            try
            {
                await _records.UpdateOneAsync(free, Written(record), new UpdateOptions { IsUpsert = true }, token);
                return true;
            }
            // One is there that has not expired.
            catch (MongoWriteException there) when (MongoErrors.IsDuplicateKey(there)) { return false; }
        }, cancellationToken);

    public async ValueTask PutAsync(IReadOnlyList<SharedRecord> records, CancellationToken cancellationToken)
    {
        if (records.Count == 0) return;
        var updates = records.Select(record => new UpdateOneModel<BsonDocument>(new BsonDocument("_id", Id(record.Kind, record.Key)), Written(record)) { IsUpsert = true }).ToList();
        await _connection.RunAsync(token => _records.BulkWriteAsync(updates, new BulkWriteOptions { IsOrdered = false }, token), cancellationToken);
    }

    public async ValueTask RemoveAsync(string kind, IReadOnlyList<string> keys, CancellationToken cancellationToken)
    {
        if (keys.Count == 0) return;
        await _connection.RunAsync(token => _records.DeleteManyAsync(Bson.In("_id", new BsonArray(keys.Select(key => Id(kind, key)))), token), cancellationToken);
    }

    public ValueTask<long> RemoveExpiredAsync(CancellationToken cancellationToken)
        => _connection.RunAsync(async token => (await _records.DeleteManyAsync(new BsonDocument("expiresAt", new BsonDocument("$lte", Bson.Time(_time.GetUtcNow()))), token)).DeletedCount, cancellationToken);

    private static string Id(string kind, string key) => $"{kind}\n{key}";

    private BsonDocument InFuture() => new("$gt", Bson.Time(_time.GetUtcNow()));

    private static BsonDocument Written(SharedRecord record) => new()
    {
        { "$set", new BsonDocument { { "value", Bson.Octets(record.Value) }, { "expiresAt", Bson.Time(record.ExpiresAt) } } },
        { "$inc", new BsonDocument("version", 1L) },
    };

    private static SharedRecord Read(BsonDocument document)
    {
        var id = document["_id"].AsString;
        var end = id.IndexOf('\n', StringComparison.Ordinal);
        return new SharedRecord(id[..end], id[(end + 1)..], document.Octets("value"), document.Instant("expiresAt")) { Version = document["version"].ToInt64() };
    }
}
