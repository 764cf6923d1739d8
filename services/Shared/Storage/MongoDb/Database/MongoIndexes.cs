using MongoDB.Bson;
using MongoDB.Driver;

namespace Merpati.Storage.MongoDb;

/// <summary>An index that a store cannot do without. Its name never changes while its keys do not.</summary>
internal sealed record MongoIndex(string Collection, string Name, BsonDocument Keys, bool Unique = false, bool Sparse = false);

/// <summary>Makes the collections and indexes of a store and checks those that are there (design §4).</summary>
internal static class MongoIndexes
{
    private const int NamespaceExists = 48;
    private const int IndexOptionsConflict = 85;
    private const int IndexKeySpecsConflict = 86;

    /// <exception cref="StoreUnavailableException">An index of that name has other keys; or the server is away.</exception>
    public static async Task EnsureAsync(MongoConnection connection, IReadOnlyList<string> collections, IReadOnlyList<MongoIndex> indexes, CancellationToken cancellationToken)
    {
        foreach (var name in collections)
        {
            try { await connection.RunAsync(token => connection.Database.CreateCollectionAsync(name, cancellationToken: token), cancellationToken); }
            catch (MongoCommandException e) when (e.Code == NamespaceExists)
            {
            }
        }
        foreach (var collection in indexes.GroupBy(index => index.Collection, StringComparer.Ordinal))
        {
            try { await connection.RunAsync(token => EnsureAsync(connection.Collection(collection.Key), [.. collection], token), cancellationToken); }
            catch (MongoCommandException e) when (e.Code is IndexOptionsConflict or IndexKeySpecsConflict)
            {
                throw new StoreUnavailableException(connection.Store, $"an index of the collection '{collection.Key}' is not as it must be ({e.Message}); drop it, and it is made anew at the next start.", e);
            }
        }
        await VerifyAsync(connection, indexes, cancellationToken);
    }

    /// <exception cref="StoreUnavailableException">One is missing, or has other keys.</exception>
    public static async Task VerifyAsync(MongoConnection connection, IReadOnlyList<MongoIndex> indexes, CancellationToken cancellationToken)
    {
        if (await FindWrongAsync(connection, indexes, cancellationToken) is { } wrong)
            throw new StoreUnavailableException(connection.Store, $"the index '{wrong.Name}' of the collection '{wrong.Collection}' is not as it must be ({wrong.Keys.ToJson()}); drop it, and it is made anew at the next start.");
    }

    /// <summary>The first that is missing or has other keys; null when all is well.</summary>
    public static async ValueTask<MongoIndex?> FindWrongAsync(MongoConnection connection, IReadOnlyList<MongoIndex> indexes, CancellationToken cancellationToken)
    {
        foreach (var collection in indexes.GroupBy(index => index.Collection, StringComparer.Ordinal))
        {
            if (await connection.RunAsync(token => FindWrongAsync(connection.Collection(collection.Key), [.. collection], token), cancellationToken) is { } wrong) return wrong;
        }
        return null;
    }

    private static Task<IEnumerable<string>> EnsureAsync(IMongoCollection<BsonDocument> collection, IReadOnlyList<MongoIndex> indexes, CancellationToken cancellationToken)
        => collection.Indexes.CreateManyAsync(indexes.Select(index => new CreateIndexModel<BsonDocument>(index.Keys, new CreateIndexOptions { Name = index.Name, Unique = index.Unique ? true : null, Sparse = index.Sparse ? true : null })), cancellationToken);

    private static async Task<MongoIndex?> FindWrongAsync(IMongoCollection<BsonDocument> collection, IReadOnlyList<MongoIndex> indexes, CancellationToken cancellationToken)
    {
        using var cursor = await collection.Indexes.ListAsync(cancellationToken);
        var there = (await cursor.ToListAsync(cancellationToken)).ToDictionary(index => index["name"].AsString, StringComparer.Ordinal);
        return indexes.FirstOrDefault(index => !there.TryGetValue(index.Name, out var found) || !SameKeys(found["key"].AsBsonDocument, index.Keys) || found.GetValue("unique", false).ToBoolean() != index.Unique || found.GetValue("sparse", false).ToBoolean() != index.Sparse);
    }

    private static bool SameKeys(BsonDocument one, BsonDocument other)
        => one.ElementCount == other.ElementCount && one.Elements.Zip(other.Elements).All(pair => pair.First.Name == pair.Second.Name && pair.First.Value.ToInt32() == pair.Second.Value.ToInt32());
}
