using Merpati.Mailboxes;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Merpati.Storage.MongoDb;

internal sealed class MailboxCollections(MongoConnection connection)
{
    public MongoConnection Connection => connection;

    public IMongoCollection<BsonDocument> Accounts { get; } = connection.Collection(MailboxIndexes.Accounts);

    public IMongoCollection<BsonDocument> Mailboxes { get; } = connection.Collection(MailboxIndexes.Mailboxes);

    public IMongoCollection<BsonDocument> Messages { get; } = connection.Collection(MailboxIndexes.Messages);

    /// <summary>Each answer, with all its batches, is of one moment, also outside of a transaction.</summary>
    public IMongoCollection<BsonDocument> MessagesOfOneMoment { get; } = connection.Collection(MailboxIndexes.Messages).WithReadConcern(ReadConcern.Snapshot);

    public IMongoCollection<BsonDocument> Details { get; } = connection.Collection(MailboxIndexes.Details);

    public IMongoCollection<BsonDocument> Tombstones { get; } = connection.Collection(MailboxIndexes.Tombstones);

    public IMongoCollection<BsonDocument> Deliveries { get; } = connection.Collection(MailboxIndexes.Deliveries);

    public IMongoCollection<BsonDocument> Subscriptions { get; } = connection.Collection(MailboxIndexes.Subscriptions);

    public IMongoCollection<BsonDocument> Signatures { get; } = connection.Collection(MailboxIndexes.Signatures);

    public IMongoCollection<BsonDocument> Texts { get; } = connection.Collection(MailboxIndexes.Texts);

    public IMongoCollection<BsonDocument> SearchState { get; } = connection.Collection(MailboxIndexes.SearchState);

    public IMongoCollection<BsonDocument> Annotations { get; } = connection.Collection(MailboxIndexes.Annotations);

    public IMongoCollection<BsonDocument> Grants { get; } = connection.Collection(MailboxIndexes.Grants);

    public IMongoCollection<BsonDocument> Shares { get; } = connection.Collection(MailboxIndexes.Shares);

    public IMongoCollection<BsonDocument> Deleted { get; } = connection.Collection(MailboxIndexes.Deleted);

    /// <inheritdoc cref="IMailboxStore.FindReferencedAsync"/>
    public ValueTask<IReadOnlySet<ContentId>> FindReferencedAsync(IReadOnlyList<ContentId> contents, CancellationToken cancellationToken)
        => connection.RunAsync<IReadOnlySet<ContentId>>(async token =>
        {
            using var found = await Details.AggregateAsync<BsonDocument>(
                new BsonDocument[]
                {
                    new("$match", Bson.In("content", Bson.Ids(contents.Select(content => content.Value)))),
                    new("$group", new BsonDocument("_id", "$content")),
                }, cancellationToken: token);
            return (await found.ToListAsync(token)).Select(content => new ContentId(content.Guid("_id"))).ToHashSet();
        }, cancellationToken);
}
