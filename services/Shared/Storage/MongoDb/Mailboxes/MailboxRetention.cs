using Merpati.Mailboxes;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Merpati.Storage.MongoDb;

/// <summary>Forgets what nobody will ask for any more, in steps. It goes over all accounts: no request of a user waits for it.</summary>
internal static class MailboxRetention
{
    private const int Step = 1000;

    public static async ValueTask<int> ForgetDeliveriesAsync(MailboxCollections collections, DateTimeOffset before, CancellationToken cancellationToken)
    {
        var forgotten = 0;
        while (await OldAsync(collections, collections.Deliveries, "recordedAt", before, cancellationToken) is { Count: > 0 } old)
            forgotten += await DeleteAsync(collections, collections.Deliveries, old, cancellationToken);
        return forgotten;
    }

    /// <summary>The keys of a removed account: it may come again, and then has no past.</summary>
    public static async ValueTask ForgetDeliveriesAsync(MailboxCollections collections, AccountId account, CancellationToken cancellationToken)
    {
        var ofAccount = AccountWork.Where(account, "_id", MailboxKeys.OfAccount(account));
        while (await FindAsync(collections, collections.Deliveries, ofAccount, cancellationToken) is { Count: Step } some)
            await DeleteAsync(collections, collections.Deliveries, some, cancellationToken);
    }

    /// <summary>Each mailbox remembers up to which MODSEQ it cannot tell any more.</summary>
    public static async ValueTask<int> ForgetTombstonesAsync(MailboxCollections collections, DateTimeOffset before, CancellationToken cancellationToken)
    {
        var forgotten = 0;
        while (await OldAsync(collections, collections.Tombstones, "expungedAt", before, cancellationToken) is { Count: > 0 } old)
        {
            foreach (var mailbox in old.GroupBy(tombstone => (Account: tombstone["account"], Mailbox: MailboxKeys.Mailbox(tombstone["_id"].AsByteArray))))
            {
                var last = mailbox.Max(tombstone => MailboxKeys.ModSeq(tombstone["_id"].AsByteArray));
                forgotten += await collections.Connection.TransactAsync(async (session, token) =>
                {
                    await collections.Mailboxes.UpdateOneAsync(
                        session, new BsonDocument { { "_id", Bson.Id(mailbox.Key.Mailbox.Value) }, { "account", mailbox.Key.Account } },
                        new BsonDocument("$max", new BsonDocument("forgotten", last.Value)), cancellationToken: token);
                    var gone = await collections.Tombstones.DeleteManyAsync(
                        session, new BsonDocument { { "_id", new BsonDocument("$in", new BsonArray(mailbox.Select(tombstone => tombstone["_id"]))) }, { "account", mailbox.Key.Account } }, cancellationToken: token);
                    return (int)gone.DeletedCount;
                }, cancellationToken);
            }
        }
        return forgotten;
    }

    private static ValueTask<List<BsonDocument>> OldAsync(MailboxCollections collections, IMongoCollection<BsonDocument> collection, string field, DateTimeOffset before, CancellationToken cancellationToken)
        => FindAsync(collections, collection, new BsonDocument(field, new BsonDocument("$lt", Bson.Time(before))), cancellationToken);

    private static ValueTask<List<BsonDocument>> FindAsync(MailboxCollections collections, IMongoCollection<BsonDocument> collection, BsonDocument filter, CancellationToken cancellationToken)
        => collections.Connection.RunAsync(async token =>
        {
            using var found = await collection.FindAsync(filter, new FindOptions<BsonDocument> { Projection = Bson.Only("_id", "account"), Limit = Step, BatchSize = Step }, token);
            return await found.ToListAsync(token);
        }, cancellationToken);

    private static async ValueTask<int> DeleteAsync(MailboxCollections collections, IMongoCollection<BsonDocument> collection, List<BsonDocument> documents, CancellationToken cancellationToken)
    {
        var gone = await collections.Connection.RunAsync(token => collection.DeleteManyAsync(Bson.In("_id", new BsonArray(documents.Select(document => document["_id"]))), token), cancellationToken);
        return (int)gone.DeletedCount;
    }
}
