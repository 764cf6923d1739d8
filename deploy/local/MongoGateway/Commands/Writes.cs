using Merpati.Local.MongoGateway.Engine;
using MongoDB.Bson;

namespace Merpati.Local.MongoGateway.Commands;

/// <summary>insert, update, delete, findAndModify. Every write is durable when it is answered, whatever its write concern asks: the engine commits with fsync.</summary>
internal static class Writes
{
    public static ValueTask<ReadOnlyMemory<byte>> Insert(CommandContext context, CancellationToken cancellationToken) => WriteAsync(context, "insert", "documents", cancellationToken);

    public static ValueTask<ReadOnlyMemory<byte>> Update(CommandContext context, CancellationToken cancellationToken) => WriteAsync(context, "update", "updates", cancellationToken);

    public static ValueTask<ReadOnlyMemory<byte>> Delete(CommandContext context, CancellationToken cancellationToken) => WriteAsync(context, "delete", "deletes", cancellationToken);

    public static async ValueTask<ReadOnlyMemory<byte>> FindAndModify(CommandContext context, CancellationToken cancellationToken)
        => await context.BsonAsync("SELECT p_result::bytea FROM documentdb_api.find_and_modify($1, $2, $3)", [context.Database, context.Document.Bytes, EngineCall.OrNoText(context.RetryId)], cancellationToken);

    private static async ValueTask<ReadOnlyMemory<byte>> WriteAsync(CommandContext context, string function, string sequence, CancellationToken cancellationToken)
    {
        var reply = await context.BsonAsync(
            $"SELECT p_result::bytea FROM documentdb_api.{function}($1, $2, $3, $4)",
            [context.Database, context.Document.Bytes, context.Request.Sequence(sequence), EngineCall.OrNoText(context.RetryId)],
            cancellationToken);
        return reply.AsSpan().IndexOf("writeErrors"u8) < 0 ? reply : WithMongoCodes(context, reply);
    }

    /// <summary>
    /// Gives write errors MongoDB's codes. A conflict is never a write error there: in a transaction it ends the transaction, outside the server tries
    /// again; here the caller sees to both.
    /// </summary>
    private static byte[] WithMongoCodes(CommandContext context, byte[] bson)
    {
        var reply = EngineCall.Document(bson);
        foreach (var error in reply["writeErrors"].AsBsonArray.Cast<BsonDocument>())
        {
            var known = MongoError.FromReply(error["code"].ToInt32());
            if (context.Transaction is not null && (known == MongoError.WriteConflict || known == MongoError.LockTimeout)) throw new CommandFailure(MongoError.WriteConflict, error.GetValue("errmsg", "").ToString()!);
            error["code"] = known.Code;
        }
        return reply.ToBson();
    }
}
