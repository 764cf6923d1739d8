using System.Runtime.CompilerServices;
using Merpati.Mailboxes;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Merpati.Storage.MongoDb;

/// <summary>Whether each file has its chunks, and each chunk its file. Octets are not read here.</summary>
internal sealed class ContentInspection(MongoConnection connection, MongoContentStore store)
{
    private const int FilesPerPage = 500;
    private const int ChunksPerPage = 5000;

    private static readonly FindOptions<BsonDocument> Numbers = new() { Projection = new BsonDocument { { "_id", 0 }, { "n", 1 } }, BatchSize = 10_000 };

    public async IAsyncEnumerable<Damage> InspectAsync(bool mend, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var page in connection.PagesAsync(ContentIndexes.Files, [], "_id", FilesPerPage, Bson.Only("length"), cancellationToken))
        {
            var counts = await connection.RunAsync(token => CountAsync(new BsonArray(page.Select(file => file["_id"])), token), cancellationToken);
            foreach (var file in page.Where(file => counts.GetValueOrDefault(file["_id"]) != Chunks(file)))
            {
                if (await connection.TransactAsync((session, token) => CompareAsync(session, file["_id"], token), cancellationToken) is { } damage) yield return damage;
            }
        }
        await foreach (var page in connection.PagesAsync(ContentIndexes.Chunks, [], "files_id", ChunksPerPage, new BsonDocument { { "_id", 0 }, { "files_id", 1 } }, cancellationToken))
        {
            var ids = page.Select(chunk => chunk["files_id"]).Distinct().ToList();
            var files = await connection.RunAsync(async token => (await (await store.Files.FindAsync(Bson.In("_id", new BsonArray(ids)), new FindOptions<BsonDocument> { Projection = Bson.Only("_id") }, token)).ToListAsync(token)).Select(file => file["_id"]).ToHashSet(), cancellationToken);
            foreach (var id in ids.Where(id => !files.Contains(id)))
            {
                if (await connection.TransactAsync((session, token) => FindOrphansAsync(session, id, mend, token), cancellationToken) is { } damage) yield return damage;
            }
        }
    }

    public ValueTask<IReadOnlyDictionary<ContentId, long>> FindSizesAsync(IReadOnlyList<ContentId> ids, CancellationToken cancellationToken)
        => connection.RunAsync<IReadOnlyDictionary<ContentId, long>>(async token =>
        {
            using var found = await store.Files.FindAsync(Bson.In("_id", Bson.Ids(ids.Select(id => id.Value))), new FindOptions<BsonDocument> { Projection = Bson.Only("length") }, token);
            return (await found.ToListAsync(token)).ToDictionary(file => new ContentId(file.Guid("_id")), file => file["length"].ToInt64());
        }, cancellationToken);

    private static long Chunks(BsonDocument file) => (file["length"].ToInt64() + ChunkedContentStream.ChunkSize - 1) / ChunkedContentStream.ChunkSize;

    private async Task<Dictionary<BsonValue, long>> CountAsync(BsonArray files, CancellationToken cancellationToken)
    {
        BsonDocument[] stages = [new("$match", Bson.In("files_id", files)), new("$group", new BsonDocument { { "_id", "$files_id" }, { "count", new BsonDocument("$sum", 1L) } })];
        using var groups = await store.Chunks.AggregateAsync<BsonDocument>(stages, cancellationToken: cancellationToken);
        return (await groups.ToListAsync(cancellationToken)).ToDictionary(group => group["_id"], group => group["count"].ToInt64());
    }

    /// <summary>Null when it is whole, or gone.</summary>
    private async Task<Damage?> CompareAsync(IClientSessionHandle session, BsonValue id, CancellationToken cancellationToken)
    {
        if (await store.Files.ListAsync(session, new BsonDocument("_id", id), null, cancellationToken) is not [var file]) return null;
        var there = (await store.Chunks.ListAsync(session, new BsonDocument("files_id", id), Numbers, cancellationToken)).Select(chunk => chunk["n"].ToInt64()).ToHashSet();
        var expected = Chunks(file);
        var missing = Missing(there, expected);
        if (missing < 0 && there.Count == expected) return null;
        return new Damage(DamageKind.ContentDamaged, $"content {new ContentId(file.Guid("_id"))}", missing < 0 ? $"it has {there.Count} chunks and should have {expected}" : $"chunk {missing} of {expected} is missing", Octets: file["length"].ToInt64());
    }

    /// <summary>The first that is missing; -1 for none.</summary>
    private static long Missing(HashSet<long> there, long expected)
    {
        for (var number = 0L; number < expected; number++)
        {
            if (!there.Contains(number)) return number;
        }
        return -1;
    }

    /// <summary>Null when they belong to a file, or to a writer or a removal that has its marker, or are gone.</summary>
    private async Task<Damage?> FindOrphansAsync(IClientSessionHandle session, BsonValue id, bool mend, CancellationToken cancellationToken)
    {
        var own = new BsonDocument("_id", id);
        if ((await store.Files.ListAsync(session, own, null, cancellationToken)).Count > 0 || (await store.Pending.ListAsync(session, own, null, cancellationToken)).Count > 0) return null;
        var ofFile = new BsonDocument("files_id", id);
        var chunks = await store.Chunks.ListAsync(session, ofFile, Numbers, cancellationToken);
        if (chunks.Count == 0) return null;
        if (mend) await store.Chunks.DeleteManyAsync(session, ofFile, cancellationToken: cancellationToken);
        return new Damage(DamageKind.ChunksOrphaned, $"content {new ContentId(id.AsBsonBinaryData.ToGuid(GuidRepresentation.Standard))}", $"{chunks.Count} chunks belong to no content", mend, (long)chunks.Count * ChunkedContentStream.ChunkSize);
    }
}
