using Merpati.Mailboxes;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Merpati.Storage.MongoDb;

/// <inheritdoc cref="IMaildropLeases"/>
/// <remarks>The clocks of the processes may differ by less than a lease lasts beyond its renewal; the leases in use allow for several seconds.</remarks>
public sealed class MongoMaildropLeases : IMaildropLeases
{
    private readonly MongoConnection _connection;
    private readonly IMongoCollection<BsonDocument> _maildrops;
    private readonly TimeProvider _time;

    internal MongoMaildropLeases(MongoConnection connection, TimeProvider time)
    {
        _connection = connection;
        _maildrops = connection.Collection(MaildropIndexes.Maildrops);
        _time = time;
    }

    public ValueTask<bool> TryTakeAsync(AccountId account, Guid holder, TimeSpan duration, CancellationToken cancellationToken)
        => _connection.RunAsync(async token =>
        {
            var now = _time.GetUtcNow();
            var free = new BsonDocument
            {
                { "_id", Bson.Id(account.Value) },
                { "$or", new BsonArray { new BsonDocument("holder", Bson.Id(holder)), new BsonDocument("expiresAt", new BsonDocument("$lte", Bson.Time(now))) } },
            };
            var taken = Bson.Set(new BsonDocument { { "holder", Bson.Id(holder) }, { "expiresAt", Bson.Time(now + duration) } });
            try
            {
                await _maildrops.UpdateOneAsync(free, taken, new UpdateOptions { IsUpsert = true }, token);
                return true;
            }
            // Another holder's is there, and the account has one document only.
            catch (MongoWriteException held) when (MongoErrors.IsDuplicateKey(held)) { return false; }
        }, cancellationToken);

    public async ValueTask ReleaseAsync(AccountId account, Guid holder, CancellationToken cancellationToken)
        => await _connection.RunAsync(token => _maildrops.DeleteOneAsync(new BsonDocument { { "_id", Bson.Id(account.Value) }, { "holder", Bson.Id(holder) } }, token), cancellationToken);
}
