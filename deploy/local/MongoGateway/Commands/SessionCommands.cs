using MongoDB.Bson;
using MongoDB.Bson.Serialization;

namespace Merpati.Local.MongoGateway.Commands;

/// <summary>startSession, refreshSessions, endSessions, killSessions.</summary>
internal static class SessionCommands
{
    public static ValueTask<ReadOnlyMemory<byte>> Start(CommandContext context, CancellationToken cancellationToken) => new(Replies.Ok(new BsonDocument
    {
        { "id", new BsonDocument("id", new BsonBinaryData(Guid.NewGuid(), GuidRepresentation.Standard)) },
        { "timeoutMinutes", (int)context.Options.SessionLifetime.TotalMinutes },
    }));

    public static ValueTask<ReadOnlyMemory<byte>> Refresh(CommandContext context, CancellationToken cancellationToken) => new(Replies.Ok());

    public static async ValueTask<ReadOnlyMemory<byte>> End(CommandContext context, CancellationToken cancellationToken)
    {
        if (context.Document.Nested(context.Document.Command) is not { } list) throw new CommandFailure(MongoError.TypeMismatch, $"{context.Document.Command} takes an array of sessions.");
        foreach (var session in BsonSerializer.Deserialize<BsonDocument>(list.ToArray()).Values)
        {
            if (session is BsonDocument { } fields && fields.TryGetValue("id", out var id) && id is BsonBinaryData { Bytes.Length: 16 } binary)
                await context.Sessions.EndAsync(new Guid(binary.Bytes, bigEndian: true), cancellationToken);
        }
        return Replies.Ok();
    }
}
