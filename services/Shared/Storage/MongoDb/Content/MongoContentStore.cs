using Merpati.Mailboxes;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Merpati.Storage.MongoDb;

/// <summary>
/// Contents in GridFS. Small ones are written whole, many in one transaction. Larger ones go chunk by chunk: a pending marker is there before the first chunk,
/// and one transaction makes the content visible and takes the marker away. Removal marks first, too. So a crash at any point leaves what was committed,
/// and markers for the rest (design §3).
/// </summary>
public sealed class MongoContentStore : IContentStore, IAsyncDisposable
{
    private const int ContentsPerStep = 128;
    private const int ContentsPerGroup = 64;

    private readonly MongoConnection _connection;
    private readonly TimeProvider _time;
    private readonly MongoGroup<WholeContent, bool> _whole;

    internal MongoContentStore(MongoConnection connection, TimeProvider time)
    {
        _connection = connection;
        _time = time;
        Files = connection.Collection(ContentIndexes.Files);
        Chunks = connection.Collection(ContentIndexes.Chunks);
        Pending = connection.Collection(ContentIndexes.Pending);
        _whole = new(connection, ContentsPerGroup, groups: 2, InsertWholeAsync);
    }

    internal IMongoCollection<BsonDocument> Files { get; }

    internal IMongoCollection<BsonDocument> Chunks { get; }

    internal IMongoCollection<BsonDocument> Pending { get; }

    public ValueTask<IContentWriter> CreateAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new(new MongoContentWriter(this, _connection, _time));
    }

    public ValueTask<ContentInfo?> FindAsync(ContentId content, CancellationToken cancellationToken)
        => _connection.RunAsync(async token => await FindFileAsync(content, token) is { } file ? Info(file) : null, cancellationToken);

    public async ValueTask<Stream> OpenAsync(ContentId content, long offset, long length, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        var file = await _connection.RunAsync(token => FindFileAsync(content, token), cancellationToken) ?? throw new ContentDamagedException(content, "it is missing");
        var size = file["length"].ToInt64();
        var start = Math.Min(offset, size);
        return new MongoContentStream(_connection, Chunks, content, size, start, start + Math.Min(length, size - start));
    }

    public async ValueTask DeleteAsync(IReadOnlyList<ContentId> contents, CancellationToken cancellationToken)
    {
        foreach (var some in contents.Chunk(ContentsPerStep))
        {
            var there = await _connection.RunAsync(async token => await (await Files.FindAsync(Bson.In("_id", Ids(some)), new FindOptions<BsonDocument> { Projection = Bson.Only("_id") }, token)).ToListAsync(token), cancellationToken);
            if (there.Count == 0) continue;
            var ids = new BsonArray(there.Select(file => file["_id"]));
            var since = Bson.Time(_time.GetUtcNow());
            // Marked first; a content that is marked already is being removed by another.
            await _connection.RunAsync(token => Pending.BulkWriteAsync(ids.Select(id => new UpdateOneModel<BsonDocument>(new BsonDocument("_id", id), new BsonDocument("$setOnInsert", new BsonDocument("since", since))) { IsUpsert = true }), new BulkWriteOptions { IsOrdered = false }, token), cancellationToken);
            await _connection.RunAsync(token => Files.DeleteManyAsync(Bson.In("_id", ids), token), cancellationToken);
            await RemoveChunksAsync(ids, cancellationToken);
        }
    }

    public ValueTask<IReadOnlyList<ContentInfo>> ListAsync(DateTimeOffset before, ContentId? after, int limit, CancellationToken cancellationToken)
        => _connection.RunAsync<IReadOnlyList<ContentInfo>>(async token =>
        {
            var filter = new BsonDocument("uploadDate", new BsonDocument("$lt", Bson.Time(before)));
            if (after is { } last) filter["_id"] = new BsonDocument("$gt", Bson.Id(last.Value));
            using var found = await Files.FindAsync(filter, new FindOptions<BsonDocument> { Sort = new BsonDocument("_id", 1), Limit = limit }, token);
            return (await found.ToListAsync(token)).ConvertAll(Info);
        }, cancellationToken);

    public async ValueTask<int> RemoveUnfinishedAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        var removed = 0;
        while (true)
        {
            var left = await _connection.RunAsync(async token => await (await Pending.FindAsync(new BsonDocument("since", new BsonDocument("$lt", Bson.Time(before))), new FindOptions<BsonDocument> { Limit = ContentsPerStep }, token)).ToListAsync(token), cancellationToken);
            if (left.Count == 0) return removed;
            await RemoveUnfinishedAsync(new BsonArray(left.Select(mark => mark["_id"])), cancellationToken);
            removed += left.Count;
        }
    }

    public ValueTask DisposeAsync() => _whole.DisposeAsync();

    /// <summary>Waits for a place in a group, and for its commit.</summary>
    internal async ValueTask CommitWholeAsync(WholeContent content, CancellationToken cancellationToken) => await _whole.RunAsync(content, cancellationToken);

    /// <summary>
    /// Removes what unfinished writers and interrupted removals left, and then the markers. A writer that is still at it finds its marker no longer
    /// <c>writing</c>, and fails.
    /// </summary>
    internal async ValueTask RemoveUnfinishedAsync(BsonArray contents, CancellationToken cancellationToken)
    {
        await _connection.RunAsync(token => Pending.UpdateManyAsync(Bson.In("_id", contents), new BsonDocument("$unset", new BsonDocument("writing", "")), cancellationToken: token), cancellationToken);
        // A removal that was interrupted may not have come to the documents; a content that was finished in the meantime has lost its marker.
        var marked = new BsonArray((await _connection.RunAsync(async token => await (await Pending.FindAsync(Bson.In("_id", contents), cancellationToken: token)).ToListAsync(token), cancellationToken)).Select(mark => mark["_id"]));
        await _connection.RunAsync(token => Files.DeleteManyAsync(Bson.In("_id", marked), token), cancellationToken);
        await RemoveChunksAsync(marked, cancellationToken);
    }

    internal static BsonDocument FileDocument(ContentInfo info) => new()
    {
        { "_id", Bson.Id(info.Id.Value) },
        { "length", info.Size },
        { "chunkSize", ChunkedContentStream.ChunkSize },
        { "uploadDate", Bson.Time(info.CreatedAt) },
        { "metadata", new BsonDocument("sha256", Bson.Octets(info.Sha256)) },
    };

    internal static BsonDocument ChunkDocument(ContentId content, int number, ReadOnlyMemory<byte> octets) => new()
    {
        { "_id", ObjectId.GenerateNewId() },
        { "files_id", Bson.Id(content.Value) },
        { "n", number },
        { "data", Bson.Octets(octets) },
        { "crc32c", (long)Crc32C.Compute(octets.Span) },
    };

    private static BsonArray Ids(IEnumerable<ContentId> contents) => Bson.Ids(contents.Select(content => content.Value));

    private static ContentInfo Info(BsonDocument file)
        => new(new ContentId(file.Guid("_id")), file["length"].ToInt64(), file["metadata"].AsBsonDocument.Octets("sha256"), file.Instant("uploadDate"));

    private async Task<BsonDocument?> FindFileAsync(ContentId content, CancellationToken cancellationToken)
    {
        using var found = await Files.FindAsync(new BsonDocument("_id", Bson.Id(content.Value)), new FindOptions<BsonDocument> { Limit = 1 }, cancellationToken);
        return await found.FirstOrDefaultAsync(cancellationToken);
    }

    internal async ValueTask RemoveChunksAsync(BsonArray contents, CancellationToken cancellationToken)
    {
        await _connection.RunAsync(token => Chunks.DeleteManyAsync(Bson.In("files_id", contents), token), cancellationToken);
        await _connection.RunAsync(token => Pending.DeleteManyAsync(Bson.In("_id", contents), token), cancellationToken);
    }

    /// <summary>All of the group or none of it, so that no marker is needed.</summary>
    private ValueTask<IReadOnlyList<bool>> InsertWholeAsync(IReadOnlyList<WholeContent> contents, CancellationToken cancellationToken)
        => _connection.TransactAsync<IReadOnlyList<bool>>(async (session, token) =>
        {
            var chunks = contents.SelectMany(content => content.Chunks).ToList();
            if (chunks.Count > 0) await Chunks.InsertManyAsync(session, chunks, cancellationToken: token);
            await Files.InsertManyAsync(session, contents.Select(content => content.File), cancellationToken: token);
            return new bool[contents.Count];
        }, cancellationToken);

    /// <summary>A content that is written in one piece.</summary>
    internal sealed record WholeContent(BsonDocument File, IReadOnlyList<BsonDocument> Chunks);
}
