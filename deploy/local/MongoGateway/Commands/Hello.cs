using Merpati.Local.MongoGateway.Wire;
using MongoDB.Bson;

namespace Merpati.Local.MongoGateway.Commands;

/// <summary>
/// hello, and isMaster for old drivers: the only member of a replica set, its primary. While the engine is away it is a secondary instead, so that
/// drivers wait for a primary, as in an election. There is no topologyVersion: drivers poll.
/// </summary>
internal static class Hello
{
    public static ValueTask<ReadOnlyMemory<byte>> Run(CommandContext context, CancellationToken cancellationToken)
    {
        if (context.Document.Nested("client") is { } client && CommandDocument.Parse(client).Nested("application") is { } application)
            context.Client.ApplicationName = CommandDocument.Parse(application).Text("name");
        var isPrimary = context.Engine.IsUp;
        var reply = new BsonDocument
        {
            { "helloOk", true },
            { context.Document.Command == "hello" ? "isWritablePrimary" : "ismaster", isPrimary },
            { "secondary", !isPrimary },
            { "setName", context.Options.ReplicaSet },
            { "setVersion", 1 },
            { "hosts", new BsonArray { context.HostAndPort } },
            { "me", context.HostAndPort },
            { "maxBsonObjectSize", WireProtocol.MaxDocumentLength },
            { "maxMessageSizeBytes", WireProtocol.MaxMessageLength },
            { "maxWriteBatchSize", WireProtocol.MaxWriteBatch },
            { "localTime", context.Options.Time.GetUtcNow().UtcDateTime },
            { "logicalSessionTimeoutMinutes", (int)context.Options.SessionLifetime.TotalMinutes },
            { "connectionId", context.Client.Id },
            { "minWireVersion", 0 },
            { "maxWireVersion", WireProtocol.Version },
            { "readOnly", false },
        };
        if (isPrimary) reply.Add("primary", context.HostAndPort);
        return new(Replies.Ok(reply));
    }
}
