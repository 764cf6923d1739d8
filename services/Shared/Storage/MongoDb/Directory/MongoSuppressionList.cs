using System.Text.RegularExpressions;
using Merpati.Addresses;
using Merpati.Relaying;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Merpati.Storage.MongoDb;

/// <inheritdoc cref="ISuppressionList"/>
public sealed class MongoSuppressionList : ISuppressionList
{
    private readonly MongoConnection _connection;
    private readonly IMongoCollection<BsonDocument> _suppressions;
    private readonly TimeProvider _time;

    internal MongoSuppressionList(MongoConnection connection, TimeProvider time)
    {
        _connection = connection;
        _suppressions = connection.Collection(DirectoryIndexes.Suppressions);
        _time = time;
    }

    public async ValueTask PutAsync(Suppression suppression, CancellationToken cancellationToken)
        => await _connection.RunAsync(
            token => _suppressions.ReplaceOneAsync(new BsonDocument("_id", suppression.Pattern), Write(suppression), new ReplaceOptions { IsUpsert = true }, token), cancellationToken);

    public ValueTask<bool> RemoveAsync(string pattern, CancellationToken cancellationToken)
        => _connection.RunAsync(async token => (await _suppressions.DeleteOneAsync(new BsonDocument("_id", pattern), token)).DeletedCount == 1, cancellationToken);

    public ValueTask<IReadOnlyDictionary<EmailAddress, Suppression>> FindAsync(IReadOnlyList<EmailAddress> recipients, EmailAddress? sender, CancellationToken cancellationToken)
        => _connection.RunAsync<IReadOnlyDictionary<EmailAddress, Suppression>>(async token =>
        {
            var now = _time.GetUtcNow();
            var patterns = recipients.SelectMany(recipient => Suppression.Patterns(recipient, sender)).Distinct(StringComparer.Ordinal);
            using var cursor = await _suppressions.FindAsync(new BsonDocument("_id", new BsonDocument("$in", new BsonArray(patterns))), cancellationToken: token);
            var documents = await cursor.ToListAsync(token);
            var inForce = documents.Select(Read).Where(suppression => suppression.IsInForce(now)).ToDictionary(suppression => suppression.Pattern, StringComparer.Ordinal);
            var found = new Dictionary<EmailAddress, Suppression>();
            foreach (var recipient in recipients)
            {
                if (Suppression.Patterns(recipient, sender).Select(pattern => inForce.GetValueOrDefault(pattern)).FirstOrDefault(one => one is not null) is { } suppression) found[recipient] = suppression;
            }
            return found;
        }, cancellationToken);

    public ValueTask<IReadOnlyList<Suppression>> ListAsync(string? contains, string? after, int limit, CancellationToken cancellationToken)
        => _connection.RunAsync<IReadOnlyList<Suppression>>(async token =>
        {
            var id = new BsonDocument("$gt", after ?? "");
            if (contains is not null) id.Add("$regex", Regex.Escape(contains.ToLowerInvariant()));
            var inOrder = new FindOptions<BsonDocument> { Sort = new BsonDocument("_id", 1), Limit = limit };
            using var cursor = await _suppressions.FindAsync(new BsonDocument("_id", id), inOrder, token);
            var documents = await cursor.ToListAsync(token);
            return documents.ConvertAll(Read);
        }, cancellationToken);

    private static BsonDocument Write(Suppression suppression) => new()
    {
        { "_id", suppression.Pattern },
        { "source", (int)suppression.Source },
        { "reason", suppression.Reason },
        { "since", Bson.Time(suppression.Since) },
        { "until", suppression.Until is { } until ? Bson.Time(until) : BsonNull.Value },
    };

    private static Suppression Read(BsonDocument document) => new(
        document["_id"].AsString,
        (SuppressionSource)document["source"].AsInt32,
        document["reason"].AsString,
        document.Instant("since"),
        document["until"].IsBsonNull ? null : document.Instant("until"));
}
