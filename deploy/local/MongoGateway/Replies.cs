using MongoDB.Bson;

namespace Merpati.Local.MongoGateway;

/// <summary>Reply documents that the gateway makes itself.</summary>
internal static class Replies
{
    private static readonly byte[] Done = new BsonDocument("ok", 1.0).ToBson();

    public static ReadOnlyMemory<byte> Ok() => Done;

    public static ReadOnlyMemory<byte> Ok(BsonDocument fields) => fields.Set("ok", 1.0).ToBson();

    public static ReadOnlyMemory<byte> Error(MongoError error, string message, IReadOnlyList<string> labels)
    {
        var reply = new BsonDocument { { "ok", 0.0 }, { "errmsg", message }, { "code", error.Code }, { "codeName", error.Name } };
        if (labels.Count > 0) reply.Add("errorLabels", new BsonArray(labels));
        return reply.ToBson();
    }

    /// <summary>Some of the engine's functions say <c>ok: true</c>, or <c>ok: false</c> with a packed code, where MongoDB says 1.0 or an error.</summary>
    public static ReadOnlyMemory<byte> FromEngine(BsonDocument reply)
    {
        if (reply.GetValue("ok", 1).ToBoolean()) return Ok(reply);
        throw new CommandFailure(MongoError.FromReply(reply.GetValue("code", 1).ToInt32()), reply.GetValue("errmsg", "The engine refused.").ToString()!);
    }
}
