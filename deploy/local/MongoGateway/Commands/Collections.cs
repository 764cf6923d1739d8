using Merpati.Local.MongoGateway.Engine;
using MongoDB.Bson;

namespace Merpati.Local.MongoGateway.Commands;

/// <summary>create, drop, collMod, renameCollection, listCollections, collStats, validate.</summary>
internal static class Collections
{
    public static async ValueTask<ReadOnlyMemory<byte>> Create(CommandContext context, CancellationToken cancellationToken)
        => Replies.FromEngine(EngineCall.Document(await context.BsonAsync("SELECT documentdb_api.create_collection_view($1, $2)::bytea", [context.Database, context.Document.Bytes], cancellationToken)));

    public static async ValueTask<ReadOnlyMemory<byte>> Drop(CommandContext context, CancellationToken cancellationToken)
    {
        await context.ScalarAsync("SELECT documentdb_api.drop_collection($1, $2)", [context.Database, context.Collection], cancellationToken);
        return Replies.Ok(new BsonDocument("ns", $"{context.Database}.{context.Collection}"));
    }

    public static async ValueTask<ReadOnlyMemory<byte>> Modify(CommandContext context, CancellationToken cancellationToken)
        => Replies.FromEngine(EngineCall.Document(await context.BsonAsync("SELECT documentdb_api.coll_mod($1, $2, $3)::bytea", [context.Database, context.Collection, context.Document.Bytes], cancellationToken)));

    public static async ValueTask<ReadOnlyMemory<byte>> Rename(CommandContext context, CancellationToken cancellationToken)
        => Replies.FromEngine(EngineCall.Document(await context.BsonAsync("SELECT documentdb_api.rename_collection($1)::bytea", [context.Document.Bytes], cancellationToken)));

    public static ValueTask<ReadOnlyMemory<byte>> List(CommandContext context, CancellationToken cancellationToken) => Queries.FirstBatchAsync(context, "list_collections_cursor_first_page", cancellationToken);

    public static async ValueTask<ReadOnlyMemory<byte>> Statistics(CommandContext context, CancellationToken cancellationToken)
        => await context.BsonAsync("SELECT documentdb_api.coll_stats($1, $2, $3)::bytea", [context.Database, context.Collection, (double)(context.Document.Number("scale") ?? 1)], cancellationToken);

    public static async ValueTask<ReadOnlyMemory<byte>> Validate(CommandContext context, CancellationToken cancellationToken)
        => await context.BsonAsync("SELECT document::bytea FROM documentdb_api.validate($1, $2)", [context.Database, context.Document.Bytes], cancellationToken);
}
