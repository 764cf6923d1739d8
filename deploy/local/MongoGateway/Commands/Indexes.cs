using Merpati.Local.MongoGateway.Engine;
using MongoDB.Bson;

namespace Merpati.Local.MongoGateway.Commands;

/// <summary>createIndexes, dropIndexes, listIndexes.</summary>
internal static class Indexes
{
    /// <summary>
    /// Built at once, under a lock of the table: the engine's background build polls every two seconds. Services that start together ask for the same
    /// indexes; an advisory lock per collection puts them in a row.
    /// </summary>
    public static async ValueTask<ReadOnlyMemory<byte>> Create(CommandContext context, CancellationToken cancellationToken)
    {
        var reply = EngineCall.Document(await context.BsonAsync(
            """
            SELECT documentdb_api_internal.create_indexes_non_concurrently($1, $2, true)::bytea
            FROM (SELECT pg_advisory_xact_lock(hashtextextended($1 || '.' || $3, 1))) AS turn
            """,
            [context.Database, context.Document.Bytes, context.Collection], cancellationToken));
        // {raw: {defaultShard: {…}}} is how a sharded cluster answers; a replica set answers with the inner document.
        return Replies.FromEngine(reply.GetValue("raw", null) is BsonDocument { ElementCount: > 0 } raw && raw[0] is BsonDocument inner ? inner : reply);
    }

    public static async ValueTask<ReadOnlyMemory<byte>> Drop(CommandContext context, CancellationToken cancellationToken)
        => Replies.FromEngine(EngineCall.Document(await context.BsonAsync("SELECT documentdb_api_internal.drop_indexes_non_concurrently($1, $2)::bytea", [context.Database, context.Document.Bytes], cancellationToken)));

    public static ValueTask<ReadOnlyMemory<byte>> List(CommandContext context, CancellationToken cancellationToken) => Queries.FirstBatchAsync(context, "list_indexes_cursor_first_page", cancellationToken);
}
