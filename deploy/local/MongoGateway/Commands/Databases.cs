using Merpati.Local.MongoGateway.Engine;
using MongoDB.Bson;

namespace Merpati.Local.MongoGateway.Commands;

/// <summary>listDatabases, dropDatabase, dbStats.</summary>
internal static class Databases
{
    public static async ValueTask<ReadOnlyMemory<byte>> List(CommandContext context, CancellationToken cancellationToken)
        => await context.BsonAsync("SELECT documentdb_api.list_databases($1)::bytea", [context.Document.Bytes], cancellationToken);

    public static async ValueTask<ReadOnlyMemory<byte>> Drop(CommandContext context, CancellationToken cancellationToken)
    {
        await context.ScalarAsync("SELECT documentdb_api.drop_database($1)::text", [context.Database], cancellationToken);
        return Replies.Ok(new BsonDocument("dropped", context.Database));
    }

    public static async ValueTask<ReadOnlyMemory<byte>> Statistics(CommandContext context, CancellationToken cancellationToken)
        => await context.BsonAsync("SELECT documentdb_api.db_stats($1, $2)::bytea", [context.Database, (double)(context.Document.Number("scale") ?? 1)], cancellationToken);
}
