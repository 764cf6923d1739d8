using MongoDB.Bson;

namespace Merpati.Storage.MongoDb;

/// <summary>
/// <c>queue.entries</c>: a document per entry with its recipients in it. <c>due</c> is when somebody may take the entry: its next attempt, or while it is leased the end of the lease;
/// null when no recipient of it is queued. So one index answers what is due and when the next will be. Whose turn it is comes from a second one, which holds all that a choice by destination
/// and sender looks at, and from a third what is due for a destination, past all that is in the queue for others: <c>turn</c> is the priority with its sign turned, so that the entries of a version that knew none come before all others and are not left behind;
/// <c>account</c> is who an entry counts for, the account that submitted it, else its reverse-path.
/// <c>queue.ledger</c>: some documents of counters, of which each process uses one, so that they do not meet. <c>queue.fence</c>: the last token. <c>queue.shared</c>: what the relays know together, by kind and key.
/// </summary>
internal static class QueueIndexes
{
    public const string Entries = "queue.entries";
    public const string Ledger = "queue.ledger";
    public const string Fence = "queue.fence";
    public const string Shared = "queue.shared";

    public static readonly MongoSchema Schema = new("queue", Version: 1, ReadableBy: 1, [Entries, Ledger, Fence, Shared],
    [
        new(Entries, "route_1_due_1", new BsonDocument { { "route", 1 }, { "due", 1 } }),
        new(Entries, "route_1_turn_1_due_1_destination_1_account_1", new BsonDocument { { "route", 1 }, { "turn", 1 }, { "due", 1 }, { "destination", 1 }, { "account", 1 } }),
        new(Entries, "route_1_destination_1_turn_1_due_1_account_1", new BsonDocument { { "route", 1 }, { "destination", 1 }, { "turn", 1 }, { "due", 1 }, { "account", 1 } }),
        new(Entries, "content_1", new BsonDocument("content", 1)),
    ]);
}
