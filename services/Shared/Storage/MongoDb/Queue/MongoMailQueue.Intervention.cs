using Merpati.Queueing;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Merpati.Storage.MongoDb;

/// <summary>What people do to entries, one or many by filter. A filter may match the whole queue, so it is worked off in pages in order of id, each entry on its own.</summary>
public sealed partial class MongoMailQueue
{
    private const int EntriesPerPage = 256;

    public ValueTask<IReadOnlyList<QueueId>> HoldAsync(QueueFilter filter, string reason, CancellationToken cancellationToken)
        => ForEachAsync(filter, (document, entry, now) =>
        {
            if (IsLeased(document, now) || Move(entry, RecipientState.Queued, RecipientState.Held, reason) is not { } moved) return null;
            // Whoever let the lease expire must not come back to an entry that a person has put aside.
            return new BsonDocument
            {
                { "$set", new BsonDocument { { "recipients", QueueDocuments.Write(moved) }, { "due", BsonNull.Value } } },
                { "$unset", new BsonDocument { { "token", "" }, { "leaseExpiresAt", "" } } },
            };
        }, cancellationToken);

    public ValueTask<IReadOnlyList<QueueId>> ReleaseAsync(QueueFilter filter, CancellationToken cancellationToken)
        => ForEachAsync(filter, (document, entry, now) => Move(entry, RecipientState.Held, RecipientState.Queued, detail: null) is { } moved
            ? DueNow(document, moved, now)
            : null, cancellationToken);

    public ValueTask<IReadOnlyList<QueueId>> RetryNowAsync(QueueFilter filter, CancellationToken cancellationToken)
        // Held ones wait for a release; leased ones are being tried this moment.
        => ForEachAsync(filter, (document, _, now) => document["due"].IsBsonNull || IsLeased(document, now) ? null : Bson.Set(new BsonDocument { { "nextAttemptAt", Bson.Time(now) }, { "due", Bson.Time(now) } }), cancellationToken);

    public ValueTask<IReadOnlyList<QueueId>> BounceAsync(QueueFilter filter, string reason, CancellationToken cancellationToken)
        => ForEachAsync(filter, (document, entry, now) => entry.Recipients.Any(IsToMark)
            ? DueNow(document, [.. entry.Recipients.Select(recipient => IsToMark(recipient) ? recipient with { State = RecipientState.Queued, BounceRequested = reason } : recipient)], now)
            : null, cancellationToken);

    public ValueTask<IReadOnlyList<QueueId>> DiscardAsync(QueueFilter filter, string reason, CancellationToken cancellationToken)
        => ForEachAsync(filter, (document, entry, now, token) =>
        {
            if (IsLeased(document, now)) return ValueTask.FromResult<bool?>(false);
            var open = entry.Recipients.Count(recipient => recipient.State.IsOpen());
            return _connection.TransactAsync<bool?>(async (session, cancel) =>
            {
                var removed = await _entries.DeleteOneAsync(session, Unchanged(document), cancellationToken: cancel);
                if (removed.DeletedCount == 0) return null;
                var booking = new Booking();
                booking.Close(RecipientState.Discarded, open);
                await BookAsync(session, booking, cancel);
                return true;
            }, token);
        }, cancellationToken);

    private ValueTask<IReadOnlyList<QueueId>> ForEachAsync(QueueFilter filter, Func<BsonDocument, QueueEntry, DateTimeOffset, BsonDocument?> change, CancellationToken cancellationToken)
        => ForEachAsync(filter, async (document, entry, now, token) =>
        {
            if (change(document, entry, now) is not { } update) return false;
            update["$inc"] = new BsonDocument("revision", 1L);
            var result = await _connection.RunAsync(cancel => _entries.UpdateOneAsync(Unchanged(document), update, cancellationToken: cancel), token);
            return result.MatchedCount == 1 ? true : null;
        }, cancellationToken);

    /// <param name="change">True when it changed the entry, false when it leaves it alone, null when the entry has changed in the meantime and must be looked at again.</param>
    private async ValueTask<IReadOnlyList<QueueId>> ForEachAsync(QueueFilter filter, Func<BsonDocument, QueueEntry, DateTimeOffset, CancellationToken, ValueTask<bool?>> change, CancellationToken cancellationToken)
    {
        var changed = new List<QueueId>();
        QueueId? after = null;
        while (true)
        {
            var page = await SelectAsync(filter, after, EntriesPerPage, cancellationToken);
            foreach (var document in page)
            {
                var id = new QueueId(document.Guid("_id"));
                var latest = document;
                bool? done = null;
                // One that cannot be read is left alone: it is set aside for a person with a database shell.
                while (QueueDocuments.TryRead(latest, out var entry, out _) && (done = await change(latest, entry, _time.GetUtcNow(), cancellationToken)) is null)
                {
                    if ((await SelectAsync(filter with { Id = id }, after: null, 1, cancellationToken)) is not [var again]) break;
                    latest = again;
                }
                if (done == true) changed.Add(id);
            }
            if (page.Count < EntriesPerPage) return changed;
            after = new QueueId(page[^1].Guid("_id"));
        }
    }

    private static BsonDocument Unchanged(BsonDocument entry) => new() { { "_id", entry["_id"] }, { "revision", entry["revision"] } };

    private static bool IsToMark(QueueRecipient recipient) => recipient.State.IsOpen() && recipient.BounceRequested is null;

    /// <summary>Under a live lease it is due when that ends, which is when it is given up.</summary>
    private static BsonDocument DueNow(BsonDocument document, IReadOnlyList<QueueRecipient> recipients, DateTimeOffset now) => Bson.Set(new BsonDocument
    {
        { "recipients", QueueDocuments.Write(recipients) },
        { "nextAttemptAt", Bson.Time(now) },
        { "due", IsLeased(document, now) ? document["leaseExpiresAt"] : Bson.Time(now) },
        { "released", true },
    });

    private static bool IsLeased(BsonDocument entry, DateTimeOffset now) => QueueDocuments.TimeOrNull(entry, "leaseExpiresAt") > now;

    /// <summary>The recipients with all of one state in another; null when there are none to move.</summary>
    private static List<QueueRecipient>? Move(QueueEntry entry, RecipientState from, RecipientState to, string? detail)
        => entry.Recipients.Any(recipient => recipient.State == from) ? [.. entry.Recipients.Select(recipient => recipient.State == from ? recipient with { State = to, Detail = detail } : recipient)] : null;
}
