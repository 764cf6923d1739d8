using MongoDB.Bson;

namespace Merpati.Storage.MongoDb;

/// <summary>
/// <c>journal.events</c>: a document per event. <c>journal.messages</c>: a document per message with its subject and the time of its newest event (<c>lastAt</c>), by which it is forgotten as a whole.
/// </summary>
internal static class JournalIndexes
{
    public const string Events = "journal.events";
    public const string Messages = "journal.messages";

    public static readonly MongoSchema Schema = new("journal", Version: 1, ReadableBy: 1, [Events, Messages],
    [
        new(Events, "queueId_1_at_1_n_1", new BsonDocument { { "queueId", 1 }, { "at", 1 }, { "n", 1 } }),
        new(Messages, "keys_1_at_-1", new BsonDocument { { "keys", 1 }, { "at", -1 } }),
        new(Messages, "at_1__id_1", new BsonDocument { { "at", 1 }, { "_id", 1 } }),
        new(Messages, "lastAt_1", new BsonDocument("lastAt", 1)),
    ]);
}
