using System.Globalization;
using Merpati.Queueing;
using Merpati.Timeline;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Merpati.Storage.MongoDb;

/// <inheritdoc cref="IJournal"/>
/// <remarks>
/// A TTL index on the events would forget the beginning of a message that still goes on; so messages are forgotten as a whole, by <see cref="ForgetAsync"/>.
/// </remarks>
public sealed class MongoJournal : IJournal, IAsyncDisposable
{
    private const int AppendsPerGroup = 128;
    private const int MessagesPerStep = 256;

    private static readonly InsertManyOptions Unordered = new() { IsOrdered = false };

    private readonly MongoConnection _connection;
    private readonly IMongoCollection<BsonDocument> _events;
    private readonly IMongoCollection<BsonDocument> _messages;
    private readonly MongoGroup<Append, bool> _appends;

    // Orders what one process tells at the same time; begins with the clock, so that a later process goes on where an earlier one ended.
    private long _number;

    internal MongoJournal(MongoConnection connection, TimeProvider time)
    {
        _connection = connection;
        _events = connection.Collection(JournalIndexes.Events);
        _messages = connection.Collection(JournalIndexes.Messages);
        _number = time.GetUtcNow().Ticks;
        _appends = new(connection, AppendsPerGroup, groups: 2, AppendAsync);
    }

    public async ValueTask AppendAsync(TimelineSubject? subject, IReadOnlyList<TimelineEvent> events, CancellationToken cancellationToken)
    {
        if (subject is null && events.Count == 0) return;
        // The documents are made once: a group that is run again tells nothing twice.
        await _appends.RunAsync(new Append(subject, [.. events.Select(Document)], [.. events.GroupBy(step => step.QueueId).Select(message => (message.Key, message.Max(step => step.At)))]), cancellationToken);
    }

    public ValueTask<IReadOnlyList<TimelineEvent>> ReadAsync(QueueId id, CancellationToken cancellationToken)
        => _connection.RunAsync<IReadOnlyList<TimelineEvent>>(async token =>
        {
            using var found = await _events.FindAsync(new BsonDocument("queueId", Bson.Id(id.Value)), new FindOptions<BsonDocument> { Sort = new BsonDocument { { "at", 1 }, { "n", 1 } } }, token);
            return (await found.ToListAsync(token)).ConvertAll(step => new TimelineEvent(id, step.Instant("at"), (TimelineStep)step["step"].ToInt32(), step.TextOrNull("recipient"), step["detail"].AsString));
        }, cancellationToken);

    public ValueTask<TimelineSubject?> FindAsync(QueueId id, CancellationToken cancellationToken)
        => _connection.RunAsync(async token =>
        {
            using var found = await _messages.FindAsync(new BsonDocument { { "_id", Bson.Id(id.Value) }, { "at", new BsonDocument("$exists", true) } }, cancellationToken: token);
            return await found.FirstOrDefaultAsync(token) is { } message ? Subject(message) : null;
        }, cancellationToken);

    public ValueTask<IReadOnlyList<TimelineSubject>> SearchAsync(string messageIdOrAddress, int limit, CancellationToken cancellationToken)
        => _connection.RunAsync<IReadOnlyList<TimelineSubject>>(async token =>
        {
            using var found = await _messages.FindAsync(
                new BsonDocument("keys", SearchKey.Of(messageIdOrAddress)),
                new FindOptions<BsonDocument> { Sort = new BsonDocument { { "at", -1 }, { "_id", -1 } }, Limit = limit }, token);
            return (await found.ToListAsync(token)).ConvertAll(Subject);
        }, cancellationToken);

    public ValueTask<IReadOnlyList<TimelineDecision>> DecisionsAsync(DateTimeOffset since, QueueId? after, int limit, CancellationToken cancellationToken)
        => _connection.RunAsync<IReadOnlyList<TimelineDecision>>(async token =>
        {
            var from = new BsonDocument("at", new BsonDocument(after is null ? "$gte" : "$gt", Bson.Time(since)));
            var range = after is { } id ? new BsonDocument("$or", new BsonArray { from, new BsonDocument { { "at", Bson.Time(since) }, { "_id", new BsonDocument("$gt", Bson.Id(id.Value)) } } }) : from;
            using var found = await _messages.FindAsync(
                new BsonDocument("$and", new BsonArray { range, new BsonDocument("decision", new BsonDocument("$type", "string")) }),
                new FindOptions<BsonDocument> { Sort = new BsonDocument { { "at", 1 }, { "_id", 1 } }, Limit = limit, Projection = new BsonDocument { { "at", 1 }, { "decision", 1 } } }, token);
            return (await found.ToListAsync(token)).ConvertAll(message => new TimelineDecision(new QueueId(message.Guid("_id")), message.Instant("at"), message["decision"].AsString));
        }, cancellationToken);

    public async ValueTask<int> ForgetAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        var forgotten = 0;
        while (true)
        {
            var older = new BsonDocument("lastAt", new BsonDocument("$lt", Bson.Time(before)));
            var ids = await _connection.RunAsync(async token =>
            {
                using var found = await _messages.FindAsync(older, new FindOptions<BsonDocument> { Projection = Bson.Only("_id"), Limit = MessagesPerStep }, token);
                return new BsonArray((await found.ToListAsync(token)).Select(message => message["_id"]));
            }, cancellationToken);
            if (ids.Count == 0) return forgotten;
            // The events first: a crash in between leaves the message to be found again.
            await _connection.RunAsync(token => _events.DeleteManyAsync(new BsonDocument { { "queueId", new BsonDocument("$in", ids) }, { "at", new BsonDocument("$lt", Bson.Time(before)) } }, token), cancellationToken);
            var removed = await _connection.RunAsync(token => _messages.DeleteManyAsync(new BsonDocument(older) { { "_id", new BsonDocument("$in", ids) } }, token), cancellationToken);
            forgotten += (int)removed.DeletedCount;
        }
    }

    public ValueTask DisposeAsync() => _appends.DisposeAsync();

    private async ValueTask<IReadOnlyList<bool>> AppendAsync(IReadOnlyList<Append> appends, CancellationToken cancellationToken)
    {
        var events = appends.SelectMany(append => append.Events).ToList();
        if (events.Count > 0) await _connection.RunAsync(token => InsertAsync(events, token), cancellationToken);
        var messages = appends.SelectMany(append => append.Newest).Select(newest => Touch(newest.Message, newest.At)).Concat(appends.Where(append => append.Subject is not null).SelectMany(append => Tell(append.Subject!))).ToList();
        await _connection.RunAsync(token => _messages.BulkWriteAsync(messages, new BulkWriteOptions { IsOrdered = true }, token), cancellationToken);
        return new bool[appends.Count];
    }

    /// <summary>What is there already was told before: of Announced and FirstFetched the first counts.</summary>
    private async Task InsertAsync(IReadOnlyList<BsonDocument> events, CancellationToken cancellationToken)
    {
        // Within one insert too: the engine would call the second a duplicate, and that is the expensive way to find out.
        var once = events.DistinctBy(step => step["_id"]);
        try { await _events.InsertManyAsync(once, Unordered, cancellationToken); }
        catch (MongoBulkWriteException<BsonDocument> e) when (e.WriteConcernError is null && e.WriteErrors.All(error => error.Code == MongoErrors.DuplicateKey))
        {
        }
    }

    private static WriteModel<BsonDocument> Touch(QueueId message, DateTimeOffset at)
        => new UpdateOneModel<BsonDocument>(new BsonDocument("_id", Bson.Id(message.Value)), new BsonDocument("$max", new BsonDocument("lastAt", Bson.Time(at)))) { IsUpsert = true };

    private static IEnumerable<WriteModel<BsonDocument>> Tell(TimelineSubject subject)
    {
        yield return Touch(subject.QueueId, subject.At);
        // A repeated subject is the same message told again: the first stays.
        yield return new UpdateOneModel<BsonDocument>(new BsonDocument { { "_id", Bson.Id(subject.QueueId.Value) }, { "at", new BsonDocument("$exists", false) } }, Bson.Set(new BsonDocument
        {
            { "at", Bson.Time(subject.At) },
            { "messageId", Bson.Text(subject.MessageId) },
            { "reversePath", subject.ReversePath },
            { "recipients", new BsonArray(subject.Recipients) },
            { "size", subject.Size },
            { "client", Bson.Text(subject.ClientAddress) },
            { "decision", Bson.Text(subject.Decision) },
            { "keys", new BsonArray(SearchKey.OfSubject(subject)) },
        }));
    }

    private static TimelineSubject Subject(BsonDocument message) => new(
        new QueueId(message.Guid("_id")), message.Instant("at"), message.TextOrNull("messageId"), message["reversePath"].AsString,
        [.. message["recipients"].AsBsonArray.Select(recipient => recipient.AsString)], message["size"].ToInt64(), message.TextOrNull("client")) { Decision = message.TextOrNull("decision") };

    private BsonDocument Document(TimelineEvent step) => new()
    {
        { "_id", step.Step is TimelineStep.Announced or TimelineStep.FirstFetched ? OnceKey(step) : Bson.Id(System.Guid.CreateVersion7()) },
        { "queueId", Bson.Id(step.QueueId.Value) },
        { "at", Bson.Time(step.At) },
        { "n", Interlocked.Increment(ref _number) },
        { "step", (int)step.Step },
        { "recipient", Bson.Text(step.Recipient) },
        { "detail", step.Detail },
    };

    private static BsonString OnceKey(TimelineEvent step) => string.Create(CultureInfo.InvariantCulture, $"{step.QueueId} {(int)step.Step} {step.Recipient?.ToLowerInvariant()}");

    private sealed record Append(TimelineSubject? Subject, IReadOnlyList<BsonDocument> Events, IReadOnlyList<(QueueId Message, DateTimeOffset At)> Newest);
}
