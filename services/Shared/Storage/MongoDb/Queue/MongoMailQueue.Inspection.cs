using System.Text.RegularExpressions;
using Merpati.Addresses;
using Merpati.Mailboxes;
using Merpati.Queueing;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Merpati.Storage.MongoDb;

/// <summary>What people and metrics ask about the queue; nothing here writes.</summary>
public sealed partial class MongoMailQueue
{
    private static readonly BsonArray OpenStates = [(int)RecipientState.Queued, (int)RecipientState.Held];

    public ValueTask<DateTimeOffset?> NextDueAsync(QueueRoute route, CancellationToken cancellationToken)
        => _connection.RunAsync(async token =>
        {
            using var found = await _entries.FindAsync(
                new BsonDocument { { "route", (int)route }, { "due", new BsonDocument("$gt", BsonDateTime.Create(DateTime.UnixEpoch)) } },
                new FindOptions<BsonDocument> { Sort = new BsonDocument("due", 1), Limit = 1, Projection = Bson.Only("due") }, token);
            return await found.FirstOrDefaultAsync(token) is { } next ? next.Instant("due") : (DateTimeOffset?)null;
        }, cancellationToken);

    public ValueTask<QueueEntry?> FindAsync(QueueId id, CancellationToken cancellationToken)
        => _connection.RunAsync(async token =>
        {
            using var found = await _entries.FindAsync(new BsonDocument("_id", Bson.Id(id.Value)), cancellationToken: token);
            return await found.FirstOrDefaultAsync(token) is { } entry ? QueueDocuments.Read(entry) : null;
        }, cancellationToken);

    public async ValueTask<IReadOnlyList<QueueEntry>> BrowseAsync(QueueFilter filter, QueueId? after, int limit, CancellationToken cancellationToken)
    {
        var entries = new List<QueueEntry>();
        // As many as were asked for, so that whoever pages does not stop at one that cannot be read.
        while (entries.Count < limit)
        {
            var wanted = limit - entries.Count;
            var page = await SelectAsync(filter, after, wanted, cancellationToken);
            foreach (var document in page)
            {
                if (QueueDocuments.TryRead(document, out var entry, out var problem)) entries.Add(entry);
                else QueueLog.Unreadable(_connection.Logger, new QueueId(document.Guid("_id")).ToString(), problem);
            }
            if (page.Count < wanted) break;
            after = new QueueId(page[^1].Guid("_id"));
        }
        return entries;
    }

    public ValueTask<IReadOnlyList<QueueCount>> CountAsync(CancellationToken cancellationToken)
        => _connection.RunAsync<IReadOnlyList<QueueCount>>(async token =>
        {
            var open = new BsonDocument("$match", new BsonDocument("recipients.state", new BsonDocument("$in", OpenStates)));
            var key = new BsonDocument { { "route", "$route" }, { "state", "$recipients.state" }, { "domain", "$recipients.address.domain" } };
            BsonDocument[] stages = [new("$unwind", "$recipients"), open, new("$group", new BsonDocument { { "_id", key }, { "count", new BsonDocument("$sum", 1L) }, { "oldest", new BsonDocument("$min", "$acceptedAt") } })];
            using var groups = await _entries.AggregateAsync<BsonDocument>(stages, cancellationToken: token);
            return
            [
                .. (await groups.ToListAsync(token))
                    .Select(group => new QueueCount((QueueRoute)group["_id"]["route"].ToInt32(), (RecipientState)group["_id"]["state"].ToInt32(), group["_id"]["domain"].AsString, group["count"].ToInt64(), group.Instant("oldest")))
                    .OrderBy(count => count.Route).ThenBy(count => count.State).ThenBy(count => count.Domain, StringComparer.Ordinal),
            ];
        }, cancellationToken);

    /// <summary>Of one moment: the counters and the open recipients are read in one transaction.</summary>
    public ValueTask<Ledger> LedgerAsync(CancellationToken cancellationToken)
        => _connection.TransactAsync(async (session, token) =>
        {
            using var counters = await _ledger.FindAsync(session, new BsonDocument(), cancellationToken: token);
            var accepted = 0L;
            var closed = Enum.GetValues<RecipientState>().Where(state => !state.IsOpen()).ToDictionary(state => state, _ => 0L);
            foreach (var document in await counters.ToListAsync(token))
            {
                accepted += document["accepted"].ToInt64();
                if (!document.TryGetValue("closed", out var part)) continue;
                foreach (var state in closed.Keys)
                {
                    if (part.AsBsonDocument.TryGetValue(((int)state).ToString(System.Globalization.CultureInfo.InvariantCulture), out var count)) closed[state] += count.ToInt64();
                }
            }
            BsonDocument[] stages =
            [
                new("$unwind", "$recipients"),
                new("$match", new BsonDocument("recipients.state", new BsonDocument("$in", OpenStates))),
                new("$group", new BsonDocument { { "_id", BsonNull.Value }, { "open", new BsonDocument("$sum", 1L) } }),
            ];
            using var open = await _entries.AggregateAsync<BsonDocument>(session, stages, cancellationToken: token);
            return new Ledger(accepted, closed, (await open.FirstOrDefaultAsync(token))?["open"].ToInt64() ?? 0);
        }, cancellationToken);

    public ValueTask<IReadOnlySet<ContentId>> FindReferencedAsync(IReadOnlyList<ContentId> contents, CancellationToken cancellationToken)
        => _connection.RunAsync<IReadOnlySet<ContentId>>(async token =>
        {
            using var found = await _entries.FindAsync(Bson.In("content", Bson.Ids(contents.Select(content => content.Value))), new FindOptions<BsonDocument> { Projection = Bson.Only("content") }, token);
            return (await found.ToListAsync(token)).Select(entry => new ContentId(entry.Guid("content"))).ToHashSet();
        }, cancellationToken);

    private ValueTask<List<BsonDocument>> SelectAsync(QueueFilter filter, QueueId? after, int limit, CancellationToken cancellationToken)
        => _connection.RunAsync(async token =>
        {
            using var found = await _entries.FindAsync(Filter(filter, after), new FindOptions<BsonDocument> { Sort = new BsonDocument("_id", 1), Limit = limit }, token);
            return await found.ToListAsync(token);
        }, cancellationToken);

    private static BsonDocument Filter(QueueFilter filter, QueueId? after)
    {
        var all = new BsonArray();
        if (after is { } last) all.Add(new BsonDocument("_id", new BsonDocument("$gt", Bson.Id(last.Value))));
        if (filter.Id is { } id) all.Add(new BsonDocument("_id", Bson.Id(id.Value)));
        if (filter.Route is { } route) all.Add(new BsonDocument("route", (int)route));
        if (filter.AcceptedBefore is { } before) all.Add(new BsonDocument("acceptedAt", new BsonDocument("$lt", Bson.Time(before))));
        if (filter.Sender is { } sender) all.Add(new BsonDocument("sender", Part(sender)));
        if (filter.State is { } state) all.Add(new BsonDocument("recipients.state", (int)state));
        if (filter.Recipient is { } recipient) all.Add(new BsonDocument("recipients.key", Part(recipient)));
        if (filter.Domain is { } domain) all.Add(new BsonDocument("recipients.address.domain", DomainName.Normalize(domain)));
        if (filter.Submitter is { } submitter) all.Add(new BsonDocument("submitter", Bson.Id(submitter.Value)));
        if (filter.Reply is { } reply) all.Add(new BsonDocument("recipients.detail", new BsonRegularExpression(Regex.Escape(reply), "i")));
        return all.Count == 0 ? [] : new BsonDocument("$and", all);
    }

    private static BsonRegularExpression Part(string text) => new(Regex.Escape(QueueDocuments.Key(text)));
}
