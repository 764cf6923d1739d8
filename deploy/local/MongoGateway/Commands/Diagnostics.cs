using Merpati.Local.MongoGateway.Engine;
using Merpati.Local.MongoGateway.Wire;
using MongoDB.Bson;
using MongoDB.Bson.Serialization;

namespace Merpati.Local.MongoGateway.Commands;

/// <summary>ping, buildInfo, connectionStatus, getParameter, explain.</summary>
internal static class Diagnostics
{
    public static async ValueTask<ReadOnlyMemory<byte>> Ping(CommandContext context, CancellationToken cancellationToken)
    {
        await context.ScalarAsync("SELECT 1", [], cancellationToken);
        return Replies.Ok();
    }

    public static ValueTask<ReadOnlyMemory<byte>> BuildInfo(CommandContext context, CancellationToken cancellationToken) => new(Replies.Ok(new BsonDocument
    {
        { "version", "7.0.0" },
        { "versionArray", new BsonArray { 7, 0, 0, 0 } },
        { "gitVersion", "merpati-local-documentdb" },
        { "bits", 64 },
        { "maxBsonObjectSize", WireProtocol.MaxDocumentLength },
    }));

    public static ValueTask<ReadOnlyMemory<byte>> ConnectionStatus(CommandContext context, CancellationToken cancellationToken) => new(Replies.Ok(new BsonDocument("authInfo", new BsonDocument
    {
        { "authenticatedUsers", new BsonArray() },
        { "authenticatedUserRoles", new BsonArray() },
    })));

    public static ValueTask<ReadOnlyMemory<byte>> GetParameter(CommandContext context, CancellationToken cancellationToken)
    {
        var known = new BsonDocument
        {
            { "featureCompatibilityVersion", new BsonDocument("version", "7.0") },
            { "transactionLifetimeLimitSeconds", (int)context.Options.TransactionLifetime.TotalSeconds },
        };
        var asked = new BsonDocument(known.Where(parameter => context.Document.Text(context.Document.Command) == "*" || context.Document.Has(parameter.Name)));
        if (asked.ElementCount == 0) throw new CommandFailure(MongoError.InvalidOptions, "no option found to get");
        return new(Replies.Ok(asked));
    }

    /// <summary>PostgreSQL's plan of a find or an aggregate.</summary>
    public static async ValueTask<ReadOnlyMemory<byte>> Explain(CommandContext context, CancellationToken cancellationToken)
    {
        var inner = CommandDocument.Parse(context.Document.Nested("explain") ?? throw new CommandFailure(MongoError.TypeMismatch, "explain takes a command."));
        var function = inner.Command switch
        {
            "find" => "bson_aggregation_find",
            "aggregate" => "bson_aggregation_pipeline",
            _ => throw new CommandFailure(MongoError.CommandNotSupported, $"explain of {inner.Command} is not supported."),
        };
        var plan = (string)(await context.ScalarAsync($"EXPLAIN (FORMAT JSON) SELECT document FROM documentdb_api_catalog.{function}($1, $2)", [context.Database, inner.Bytes], cancellationToken))!;
        return Replies.Ok(new BsonDocument("queryPlanner", new BsonDocument
        {
            { "namespace", $"{context.Database}.{inner.Text(inner.Command)}" },
            { "postgresPlan", BsonSerializer.Deserialize<BsonArray>(plan) },
        }));
    }
}
