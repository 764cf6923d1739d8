using Merpati.Mailboxes;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Merpati.Storage.MongoDb;

/// <inheritdoc cref="IStoreInspection"/>
internal sealed class MongoInspection(ContentInspection contents, QueueInspection queue, MailboxInspection mailboxes) : IStoreInspection
{
    public IAsyncEnumerable<Damage> InspectContentsAsync(bool mend, CancellationToken cancellationToken) => contents.InspectAsync(mend, cancellationToken);

    public IAsyncEnumerable<Damage> InspectQueueAsync(CheckContents check, bool mend, CancellationToken cancellationToken) => queue.InspectAsync(check, mend, cancellationToken);

    public IAsyncEnumerable<Damage> InspectMailboxesAsync(CheckContents check, bool mend, CancellationToken cancellationToken) => mailboxes.InspectAsync(check, mend, cancellationToken);

    public ValueTask<IReadOnlyDictionary<ContentId, long>> FindSizesAsync(IReadOnlyList<ContentId> ids, CancellationToken cancellationToken) => contents.FindSizesAsync(ids, cancellationToken);

    public ValueTask<IReadOnlySet<ContentId>> FindReferencedAsync(IReadOnlyList<ContentId> ids, CancellationToken cancellationToken) => mailboxes.FindReferencedAsync(ids, cancellationToken);
}

internal static class Inspecting
{
    /// <summary>The documents in order of a field, page by page, so that no cursor is kept while others look at what was found.</summary>
    public static async IAsyncEnumerable<List<BsonDocument>> PagesAsync(this MongoConnection connection, string collection, BsonDocument filter, string field, int size, ProjectionDefinition<BsonDocument>? projection, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        BsonValue? after = null;
        while (true)
        {
            var rest = after is null ? filter : new BsonDocument("$and", new BsonArray { filter, new BsonDocument(field, new BsonDocument("$gt", after)) });
            var page = await connection.RunAsync(async token =>
            {
                using var found = await connection.Collection(collection).FindAsync(rest, new FindOptions<BsonDocument> { Sort = new BsonDocument(field, 1), Limit = size, BatchSize = size, Projection = projection ?? new BsonDocument() }, token);
                return await found.ToListAsync(token);
            }, cancellationToken);
            if (page.Count == 0) yield break;
            after = page[^1][field];
            yield return page;
        }
    }

    public static async Task<List<BsonDocument>> ListAsync(this IMongoCollection<BsonDocument> collection, IClientSessionHandle session, BsonDocument filter, FindOptions<BsonDocument>? options, CancellationToken cancellationToken)
    {
        using var found = await collection.FindAsync(session, filter, options, cancellationToken);
        return await found.ToListAsync(cancellationToken);
    }
}
