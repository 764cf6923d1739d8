using Merpati.Local.MongoGateway.Engine;
using Merpati.Local.MongoGateway.Sessions;
using MongoDB.Bson;

namespace Merpati.Local.MongoGateway.Commands;

/// <summary>insert, update, delete, findAndModify. Every write is durable when it is answered, whatever its write concern asks: the engine commits with fsync.</summary>
internal static class Writes
{
    public static ValueTask<ReadOnlyMemory<byte>> Insert(CommandContext context, CancellationToken cancellationToken) => WriteAsync(context, "insert", "documents", cancellationToken);

    public static ValueTask<ReadOnlyMemory<byte>> Update(CommandContext context, CancellationToken cancellationToken) => WriteAsync(context, "update", "updates", cancellationToken);

    public static ValueTask<ReadOnlyMemory<byte>> Delete(CommandContext context, CancellationToken cancellationToken) => WriteAsync(context, "delete", "deletes", cancellationToken);

    public static async ValueTask<ReadOnlyMemory<byte>> FindAndModify(CommandContext context, CancellationToken cancellationToken)
    {
        if (context.RetryId is not { } id) return await context.BsonAsync("SELECT p_result::bytea FROM documentdb_api.find_and_modify($1, $2)", [context.Database, context.Document.Bytes], cancellationToken);
        return await context.Retries.FindAsync(id, cancellationToken)
            ?? await context.BsonAsync(RetryRecords.Recording("documentdb_api.find_and_modify($3, $4)"), [id.Session, id.Number, context.Database, context.Document.Bytes], cancellationToken);
    }

    private static async ValueTask<ReadOnlyMemory<byte>> WriteAsync(CommandContext context, string function, string sequence, CancellationToken cancellationToken)
    {
        object?[] arguments = [context.Database, context.Document.Bytes, context.Request.Sequence(sequence)];
        var reply = context.RetryId is not { } id ? await context.BsonAsync($"SELECT p_result::bytea FROM documentdb_api.{function}($1, $2, $3)", arguments, cancellationToken)
            : await context.Retries.FindAsync(id, cancellationToken)
            ?? await context.BsonAsync(RetryRecords.Recording($"documentdb_api.{function}($3, $4, $5)"), [id.Session, id.Number, .. arguments], cancellationToken);
        return reply.AsSpan().IndexOf("writeErrors"u8) < 0 ? reply : WithMongoCodes(context, reply);
    }

    /// <summary>Gives write errors MongoDB's codes. In a transaction a conflict is no write error there, but ends it.</summary>
    private static byte[] WithMongoCodes(CommandContext context, byte[] bson)
    {
        var reply = EngineCall.Document(bson);
        foreach (var error in reply.GetValue("writeErrors", new BsonArray()).AsBsonArray.Cast<BsonDocument>())
        {
            var known = MongoError.FromReply(error["code"].ToInt32());
            if (context.Transaction is not null && (known == MongoError.WriteConflict || known == MongoError.LockTimeout)) throw new CommandFailure(MongoError.WriteConflict, error.GetValue("errmsg", "").ToString()!);
            error["code"] = known.Code;
        }
        return reply.ToBson();
    }
}
