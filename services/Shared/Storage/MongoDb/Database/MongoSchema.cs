using System.Reflection;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Merpati.Storage.MongoDb;

/// <summary>
/// The collections and indexes of one store, and which version of them this is (design §4). They change by expand and contract: a version adds what the one before can do without, and what is not
/// used any more goes a version later. So two versions work side by side, and one back is always possible.
/// </summary>
/// <param name="Version">One more with every change of what stands here.</param>
/// <param name="ReadableBy">The oldest version that works with a database of this one; below <paramref name="Version"/> unless something was taken away.</param>
/// <param name="Collections">All of the store: a transaction that has to make one first would meet others that do.</param>
internal sealed record MongoSchema(string Store, int Version, int ReadableBy, IReadOnlyList<string> Collections, IReadOnlyList<MongoIndex> Indexes)
{
    /// <summary>A document per store: its version, and who is raising it at the moment. Read and written by every version there will ever be.</summary>
    public const string Versions = "schema";

    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);

    private static readonly string Product = typeof(MongoSchema).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    /// <summary>
    /// Brings the database up to this version; never down. One process at a time does it, and what was cut off is done again by the next.
    /// </summary>
    /// <param name="complete">What the store needs besides, in the same breath; run again it changes nothing.</param>
    /// <exception cref="StoreUnavailableException">The server is away, or an index is not as it must be.</exception>
    public async ValueTask<SchemaOutcome> RaiseAsync(MongoConnection connection, Func<MongoConnection, CancellationToken, Task> complete, TimeProvider time, CancellationToken cancellationToken)
    {
        var found = await FindAsync(connection, cancellationToken);
        switch (found.State)
        {
            case SchemaState.TooNew:
                return found;
            case SchemaState.Newer:
                await MongoIndexes.VerifyAsync(connection, Indexes, cancellationToken);
                return found;
            // Somebody may have dropped one, or restored a backup: then it is made again.
            case SchemaState.Current when await MongoIndexes.FindWrongAsync(connection, Indexes, cancellationToken) is null:
                await complete(connection, cancellationToken);
                return found;
        }
        var versions = connection.Collection(Versions);
        var holder = Guid.CreateVersion7(time.GetUtcNow());
        if (await TakeAsync(connection, versions, holder, time, cancellationToken) is { } other) return new SchemaOutcome(Store, SchemaState.BeingRaised, found.Found, Version, other);
        try
        {
            var raising = RaiseAsync(connection, complete, cancellationToken);
            // A large collection takes long; nobody else begins meanwhile.
            while (await Task.WhenAny(raising, Task.Delay(Lease / 3, time, cancellationToken)) != raising && !cancellationToken.IsCancellationRequested) await ExtendAsync(connection, versions, holder, time, cancellationToken);
            await raising;
            await connection.RunAsync(token => versions.UpdateOneAsync(
                new BsonDocument { { "_id", Store }, { "version", new BsonDocument("$lte", Version) } },
                Bson.Set(new BsonDocument { { "version", Version }, { "readableBy", ReadableBy }, { "by", Product }, { "at", Bson.Time(time.GetUtcNow()) } }), cancellationToken: token), cancellationToken);
        }
        finally
        {
            await connection.RunAsync(token => versions.UpdateOneAsync(
                new BsonDocument { { "_id", Store }, { "raisedBy", Bson.Id(holder) } },
                new BsonDocument("$unset", new BsonDocument { { "raisedBy", "" }, { "raisedUntil", "" }, { "raising", "" } }), cancellationToken: token), CancellationToken.None);
        }
        return new SchemaOutcome(Store, SchemaState.Raised, found.Found, Version, Product);
    }

    private async Task RaiseAsync(MongoConnection connection, Func<MongoConnection, CancellationToken, Task> complete, CancellationToken cancellationToken)
    {
        await MongoIndexes.EnsureAsync(connection, Collections, Indexes, cancellationToken);
        await complete(connection, cancellationToken);
    }

    /// <summary>How it stands; nothing is written. A database from before there were versions has 0.</summary>
    public async ValueTask<SchemaOutcome> FindAsync(MongoConnection connection, CancellationToken cancellationToken)
    {
        var document = await FindAsync(connection, connection.Collection(Versions), cancellationToken);
        var (version, readableBy, by) = document is null ? (0, 0, "") : (document["version"].ToInt32(), document["readableBy"].ToInt32(), document["by"].AsString);
        var state = version < Version ? SchemaState.Behind : version == Version ? SchemaState.Current : readableBy > Version ? SchemaState.TooNew : SchemaState.Newer;
        return new SchemaOutcome(Store, state, version, Version, by);
    }

    private ValueTask<BsonDocument?> FindAsync(MongoConnection connection, IMongoCollection<BsonDocument> versions, CancellationToken cancellationToken)
        => connection.RunAsync(async token => (BsonDocument?)await (await versions.FindAsync(new BsonDocument("_id", Store), cancellationToken: token)).FirstOrDefaultAsync(token), cancellationToken);

    /// <summary>Null when it was taken; else the version of Merpati that has it.</summary>
    private async ValueTask<string?> TakeAsync(MongoConnection connection, IMongoCollection<BsonDocument> versions, Guid holder, TimeProvider time, CancellationToken cancellationToken)
    {
        try { await connection.RunAsync(token => versions.InsertOneAsync(new BsonDocument { { "_id", Store }, { "version", 0 }, { "readableBy", 0 }, { "by", "" } }, cancellationToken: token), cancellationToken); }
        catch (MongoException e) when (MongoErrors.IsDuplicateKey(e))
        {
        }
        var now = time.GetUtcNow();
        var taken = await connection.RunAsync(token => versions.UpdateOneAsync(
            new BsonDocument { { "_id", Store }, { "$or", new BsonArray { new BsonDocument("raisedUntil", new BsonDocument("$exists", false)), new BsonDocument("raisedUntil", new BsonDocument("$lt", Bson.Time(now))) } } },
            Bson.Set(new BsonDocument { { "raisedBy", Bson.Id(holder) }, { "raisedUntil", Bson.Time(now + Lease) }, { "raising", Product } }), cancellationToken: token), cancellationToken);
        if (taken.ModifiedCount == 1) return null;
        return (await FindAsync(connection, versions, cancellationToken))?.TextOrNull("raising") ?? Product;
    }

    private async ValueTask ExtendAsync(MongoConnection connection, IMongoCollection<BsonDocument> versions, Guid holder, TimeProvider time, CancellationToken cancellationToken)
        => await connection.RunAsync(token => versions.UpdateOneAsync(new BsonDocument { { "_id", Store }, { "raisedBy", Bson.Id(holder) } }, Bson.Set(new BsonDocument("raisedUntil", Bson.Time(time.GetUtcNow() + Lease))), cancellationToken: token), cancellationToken);
}
