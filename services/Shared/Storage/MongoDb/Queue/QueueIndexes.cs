using MongoDB.Bson;

namespace Merpati.Storage.MongoDb;

/// <summary>
/// <c>queue.entries</c>: a document per entry with its recipients in it. <c>due</c> is when somebody may take the entry: its next attempt, or while it is leased the end of the lease;
/// null when no recipient of it is queued. So one index answers what is due and when the next will be.
/// <c>queue.ledger</c>: some documents of counters, of which each process uses one, so that they do not meet. <c>queue.fence</c>: the last token.
/// </summary>
internal static class QueueIndexes
{
    public const string Entries = "queue.entries";
    public const string Ledger = "queue.ledger";
    public const string Fence = "queue.fence";

    public static readonly IReadOnlyList<string> Collections = [Entries, Ledger, Fence];

    public static readonly IReadOnlyList<MongoIndex> All =
    [
        new(Entries, "route_1_due_1", new BsonDocument { { "route", 1 }, { "due", 1 } }),
        new(Entries, "content_1", new BsonDocument("content", 1)),
    ];
}
