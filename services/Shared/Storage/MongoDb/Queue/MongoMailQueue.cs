using System.Globalization;
using Merpati.Addresses;
using Merpati.Queueing;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Merpati.Storage.MongoDb;

/// <inheritdoc cref="IMailQueue"/>
public sealed partial class MongoMailQueue : IMailQueue, IAsyncDisposable
{
    private const int OperationsPerGroup = 128;
    private const int LedgerDocuments = 16;
    private const int LeaseRounds = 4;
    internal const string FenceId = "fence";

    private readonly MongoConnection _connection;
    private readonly TimeProvider _time;
    private readonly IMongoCollection<BsonDocument> _entries;
    private readonly IMongoCollection<BsonDocument> _ledger;
    private readonly IMongoCollection<BsonDocument> _fence;
    private readonly MongoGroup<QueueWrite, bool> _writes;

    // Each process books into one of the ledger's documents; two that chose the same one only wait for each other now and then.
    private readonly int _ledgerDocument = Random.Shared.Next(LedgerDocuments);

    internal MongoMailQueue(MongoConnection connection, TimeProvider time)
    {
        _connection = connection;
        _time = time;
        _entries = connection.Collection(QueueIndexes.Entries);
        _ledger = connection.Collection(QueueIndexes.Ledger);
        _fence = connection.Collection(QueueIndexes.Fence);
        _writes = new(connection, OperationsPerGroup, groups: 1, WriteAsync);
    }

    public async ValueTask EnqueueAsync(IReadOnlyList<QueueEntry> entries, CancellationToken cancellationToken)
    {
        foreach (var entry in entries) RequireOpenRecipient(entry);
        await _writes.RunAsync(new QueueWrite.Enqueue(entries), cancellationToken);
    }

    public async ValueTask<IReadOnlyList<QueueLease>> LeaseAsync(QueueRoute route, string worker, LeaseWish wish, TimeSpan duration, CancellationToken cancellationToken)
    {
        // All workers look at the same entries; who finds that others took what it chose, chooses again.
        for (var round = 0; round < LeaseRounds; round++)
        {
            var now = _time.GetUtcNow();
            // Sweeps find nothing most of the time; then they have cost one look into an index.
            var chosen = await ChooseAsync(route, wish, now, cancellationToken);
            if (chosen.Count == 0) return [];
            var leases = await TakeAsync(chosen, worker, now, now + duration, cancellationToken);
            if (leases.Count > 0) return leases;
        }
        return [];
    }

    /// <summary>One statement takes them: an entry that another worker took in between is not due any more. The token names the taking, and finds what it took.</summary>
    private async ValueTask<List<QueueLease>> TakeAsync(IReadOnlyList<BsonValue> chosen, string worker, DateTimeOffset now, DateTimeOffset expiresAt, CancellationToken cancellationToken)
    {
        var ids = new BsonDocument("$in", new BsonArray(chosen));
        var token = await NextTokenAsync(cancellationToken);
        var claimed = await _connection.RunAsync(cancel => _entries.UpdateManyAsync(
            new BsonDocument { { "_id", ids }, { "due", new BsonDocument("$lte", Bson.Time(now)) } },
            new BsonDocument
            {
                { "$set", new BsonDocument { { "token", token }, { "leaseExpiresAt", Bson.Time(expiresAt) }, { "due", Bson.Time(expiresAt) }, { "released", false } } },
                { "$inc", new BsonDocument { { "attempts", 1 }, { "revision", 1L } } },
            },
            cancellationToken: cancel), cancellationToken);
        if (claimed.ModifiedCount == 0) return [];
        var taken = await _connection.RunAsync(async cancel =>
        {
            using var found = await _entries.FindAsync(new BsonDocument { { "_id", ids }, { "token", token } }, cancellationToken: cancel);
            return await found.ToListAsync(cancel);
        }, cancellationToken);
        var leases = new List<QueueLease>(taken.Count);
        foreach (var document in taken)
        {
            if (QueueDocuments.TryRead(document, out var entry, out var problem)) leases.Add(new QueueLease(entry, worker, token, expiresAt));
            else await SetAsideAsync(document, token, problem, cancellationToken);
        }
        leases.Sort(static (one, other) => (-one.Entry.Priority, one.Entry.NextAttemptAt).CompareTo((-other.Entry.Priority, other.Entry.NextAttemptAt)));
        return leases;
    }

    /// <summary>An entry that cannot be read is not due until a person has mended it and set <c>due</c>; it stays in the ledger, and the others go on.</summary>
    private async ValueTask SetAsideAsync(BsonDocument document, long token, string problem, CancellationToken cancellationToken)
    {
        QueueLog.Unreadable(_connection.Logger, new QueueId(document.Guid("_id")).ToString(), problem);
        await _connection.RunAsync(cancel => _entries.UpdateOneAsync(new BsonDocument { { "_id", document["_id"] }, { "token", token } }, new BsonDocument
        {
            { "$set", new BsonDocument { { "due", BsonNull.Value }, { "unreadable", problem } } },
            { "$unset", new BsonDocument { { "token", "" }, { "leaseExpiresAt", "" } } },
            { "$inc", new BsonDocument("revision", 1L) },
        }, cancellationToken: cancel), cancellationToken);
    }

    public ValueTask<QueueLease?> ExtendAsync(QueueLease lease, TimeSpan duration, CancellationToken cancellationToken)
    {
        var expiresAt = _time.GetUtcNow() + duration;
        return _connection.RunAsync(async token =>
        {
            var extended = new BsonDocument { { "leaseExpiresAt", Bson.Time(expiresAt) }, { "revision", new BsonDocument("$add", new BsonArray { "$revision", 1L }) } };
            // Without a queued recipient it is not due, leased or not.
            extended["due"] = new BsonDocument("$cond", new BsonArray { new BsonDocument("$eq", new BsonArray { "$due", BsonNull.Value }), BsonNull.Value, Bson.Time(expiresAt) });
            var result = await _entries.UpdateOneAsync(LeasedAs(lease), new PipelineUpdateDefinition<BsonDocument>(new BsonDocument[] { new("$set", extended) }), cancellationToken: token);
            return result.MatchedCount == 1 ? lease with { ExpiresAt = expiresAt } : null;
        }, cancellationToken);
    }

    public ValueTask<bool> IntendAsync(QueueLease lease, IReadOnlyList<EmailAddress> recipients, string host, CancellationToken cancellationToken)
    {
        var intent = QueueDocuments.Intent(new RelayIntent(host, _time.GetUtcNow()));
        var changes = new BsonDocument();
        for (var i = 0; i < lease.Entry.Recipients.Count; i++)
        {
            // Recipients keep their places for as long as the entry is there.
            if (lease.Entry.Recipients[i].State == RecipientState.Queued && recipients.Contains(lease.Entry.Recipients[i].Recipient.Address)) changes[string.Create(CultureInfo.InvariantCulture, $"recipients.{i}.intent")] = intent;
        }
        return _connection.RunAsync(async token =>
        {
            var result = await _entries.UpdateOneAsync(LeasedAs(lease), new BsonDocument { { "$set", changes }, { "$inc", new BsonDocument("revision", 1L) } }, cancellationToken: token);
            return result.MatchedCount == 1;
        }, cancellationToken);
    }

    public async ValueTask<bool> CompleteAsync(QueueLease lease, IReadOnlyList<RecipientResult> results, DateTimeOffset nextAttemptAt, IReadOnlyList<QueueEntry> successors, CancellationToken cancellationToken)
    {
        foreach (var successor in successors) RequireOpenRecipient(successor);
        return await _writes.RunAsync(new QueueWrite.Complete(lease, results, nextAttemptAt, successors), cancellationToken);
    }

    public ValueTask DisposeAsync() => _writes.DisposeAsync();

    private static void RequireOpenRecipient(QueueEntry entry)
    {
        if (!entry.Recipients.Any(recipient => recipient.State.IsOpen())) throw new ArgumentException($"Entry {entry.Id} has no open recipient; nothing would ever remove it.", nameof(entry));
    }

    private static BsonDocument LeasedAs(QueueLease lease) => new() { { "_id", Bson.Id(lease.Entry.Id.Value) }, { "token", lease.Token } };

    /// <summary>
    /// Tokens come from one counter for all entries, so that not even an entry that was removed and put in again repeats one. The counter is made when the store is prepared,
    /// not here: two who make it at the same time could be given the same token.
    /// </summary>
    private ValueTask<long> NextTokenAsync(CancellationToken cancellationToken) => _connection.RunAsync(async token =>
    {
        var fence = await _fence.FindOneAndUpdateAsync<BsonDocument>(new BsonDocument("_id", FenceId), Bson.Inc("lastToken", 1L), new FindOneAndUpdateOptions<BsonDocument> { ReturnDocument = ReturnDocument.After }, token)
            ?? throw new StoreUnavailableException(_connection.Store, "its counter of tokens is missing; start the service again.");
        return fence["lastToken"].ToInt64();
    }, cancellationToken);

    /// <summary>Makes what must be there before the first entry.</summary>
    internal static async Task PrepareAsync(MongoConnection connection, CancellationToken cancellationToken)
    {
        try { await connection.RunAsync(token => connection.Collection(QueueIndexes.Fence).InsertOneAsync(new BsonDocument { { "_id", FenceId }, { "lastToken", 0L } }, cancellationToken: token), cancellationToken); }
        catch (MongoException e) when (MongoErrors.IsDuplicateKey(e))
        {
        }
    }
}
