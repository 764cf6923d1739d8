using System.Diagnostics;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Merpati.Storage.MongoDb;

/// <summary>Whose turn it is. All of it is found by indexes, and little of it grows with what is passed over: the list of destinations, which is made now and then.</summary>
public sealed partial class MongoMailQueue
{
    private readonly ListedDestinations _destinations = new();

    private async ValueTask<IReadOnlyList<BsonValue>> ChooseAsync(QueueRoute route, LeaseWish wish, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var choice = new LeaseChoice<BsonValue>(wish);
        var window = choice.FirstWindow(route);
        var first = await PageAsync(Due(route, now), window, cancellationToken);
        choice.Offer(first);
        if (route == QueueRoute.Relay && first.Count >= window && !choice.IsComplete)
        {
            foreach (var destinations in ListedDestinations.InTurn(_destinations.Current ?? await ListDestinationsAsync(route, now, cancellationToken), choice.HasRoomFor))
            {
                await OfferAsync(choice, destinations, route, now, cancellationToken);
                if (choice.IsComplete) break;
            }
        }
        return choice.Choose();
    }

    /// <summary>What is due for a few destinations, until each has enough.</summary>
    private async ValueTask OfferAsync(LeaseChoice<BsonValue> choice, IReadOnlyList<string?> destinations, QueueRoute route, DateTimeOffset now, CancellationToken cancellationToken)
    {
        while (!choice.IsComplete)
        {
            var open = new BsonArray(destinations.Where(choice.HasRoomFor).Select(Bson.Text));
            if (open.Count == 0) return;
            var due = Due(route, now);
            due["destination"] = new BsonDocument("$in", open);
            if (choice.FullSenders.Count > 0) due["account"] = new BsonDocument("$nin", new BsonArray(choice.FullSenders));
            var full = new BsonArray(choice.FullLanes.Where(lane => choice.HasRoomFor(lane.Destination)).Select(lane => new BsonDocument { { "destination", lane.Destination }, { "account", lane.Sender } }));
            if (full.Count > 0) due["$nor"] = full;
            var asked = choice.Window;
            var page = await PageAsync(due, asked, cancellationToken);
            if (!choice.Offer(page) || page.Count < asked) return;
        }
    }

    private static BsonDocument Due(QueueRoute route, DateTimeOffset now)
        => new() { { "route", (int)route }, { "due", new BsonDocument { { "$gt", BsonDateTime.Create(DateTime.UnixEpoch) }, { "$lte", Bson.Time(now) } } } };

    private ValueTask<List<DueEntry<BsonValue>>> PageAsync(BsonDocument filter, int count, CancellationToken cancellationToken)
        => _connection.RunAsync(async token =>
        {
            var options = new FindOptions<BsonDocument> { Sort = new BsonDocument { { "turn", 1 }, { "due", 1 } }, Limit = count, Projection = Bson.Only("_id", "destination", "account", "turn", "due") };
            using var found = await _entries.FindAsync(filter, options, token);
            return (await found.ToListAsync(token)).ConvertAll(static entry
                => new DueEntry<BsonValue>(entry["_id"], entry.TextOrNull("destination"), entry.TextOrNull("account") ?? "", Priority(entry), entry.Instant("due")));
        }, cancellationToken);

    /// <summary>Entries of a version that knew no turns come before all others.</summary>
    private static int Priority(BsonDocument entry) => entry.GetValue("turn", BsonNull.Value) is { IsNumeric: true } turn ? -turn.ToInt32() : int.MaxValue;

    private async ValueTask<IReadOnlyList<string?>> ListDestinationsAsync(QueueRoute route, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var startedAt = Stopwatch.GetTimestamp();
        var due = Due(route, now);
        if (_destinations.After is { } after) due["destination"] = new BsonDocument("$gt", after);
        BsonDocument[] stages = [new("$match", due), new("$group", new BsonDocument("_id", "$destination")), new("$sort", new BsonDocument("_id", 1)), new("$limit", ListedDestinations.Page)];
        var names = await _connection.RunAsync(async token =>
        {
            using var groups = await _entries.AggregateAsync<BsonDocument>(stages, cancellationToken: token);
            return (await groups.ToListAsync(token)).ConvertAll(static group => group.TextOrNull("_id"));
        }, cancellationToken);
        return _destinations.Keep(names, startedAt);
    }
}
