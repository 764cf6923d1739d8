using Merpati.Queueing;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Merpati.Storage.MongoDb;

/// <summary>What moves the ledger: it goes through groups, each one transaction over the entries and the counters.</summary>
public sealed partial class MongoMailQueue
{
    private abstract record QueueWrite
    {
        public sealed record Enqueue(IReadOnlyList<QueueEntry> Entries) : QueueWrite;

        public sealed record Complete(QueueLease Lease, IReadOnlyList<RecipientResult> Results, DateTimeOffset NextAttemptAt, IReadOnlyList<QueueEntry> Successors) : QueueWrite;
    }

    private ValueTask<IReadOnlyList<bool>> WriteAsync(IReadOnlyList<QueueWrite> writes, CancellationToken cancellationToken)
        => _connection.TransactAsync<IReadOnlyList<bool>>(async (session, token) =>
        {
            var booking = new Booking();
            var results = new bool[writes.Count];
            var entries = new List<QueueEntry>();
            for (var i = 0; i < writes.Count; i++)
            {
                if (writes[i] is not QueueWrite.Enqueue enqueue) continue;
                entries.AddRange(enqueue.Entries);
                results[i] = true;
            }
            await CompleteAsync(session, writes, results, entries, booking, token);
            await InsertAsync(session, entries, booking, token);
            await BookAsync(session, booking, token);
            return results;
        }, cancellationToken);

    /// <summary>Ends the attempts that still hold their lease; the successors of these are added to <paramref name="entries"/>.</summary>
    private async Task CompleteAsync(IClientSessionHandle session, IReadOnlyList<QueueWrite> writes, bool[] results, List<QueueEntry> entries, Booking booking, CancellationToken cancellationToken)
    {
        var ids = new BsonArray(writes.OfType<QueueWrite.Complete>().Select(complete => Bson.Id(complete.Lease.Entry.Id.Value)).Distinct());
        if (ids.Count == 0) return;
        using var found = await _entries.FindAsync(session, Bson.In("_id", ids), cancellationToken: cancellationToken);
        var current = (await found.ToListAsync(cancellationToken)).ToDictionary(entry => entry.Guid("_id"));
        var removed = new BsonArray();
        var changes = new List<WriteModel<BsonDocument>>();
        for (var i = 0; i < writes.Count; i++)
        {
            if (writes[i] is not QueueWrite.Complete complete) continue;
            var id = complete.Lease.Entry.Id.Value;
            // Whoever comes second finds the entry gone from here: one lease ends once.
            if (!current.TryGetValue(id, out var entry) || entry.GetValue("token", BsonNull.Value) != new BsonInt64(complete.Lease.Token)) continue;
            current.Remove(id);
            results[i] = true;
            entries.AddRange(complete.Successors);
            var recipients = Record(QueueDocuments.Read(entry).Recipients, complete.Results, booking);
            if (!recipients.Exists(recipient => recipient.State.IsOpen()))
            {
                removed.Add(Bson.Id(id));
                continue;
            }
            // A recipient that was released or is to be bounced since the worker took the entry is due now, whatever the worker thinks of the others.
            var next = entry.GetValue("released", false).ToBoolean() ? _time.GetUtcNow() : complete.NextAttemptAt;
            changes.Add(new UpdateOneModel<BsonDocument>(new BsonDocument("_id", Bson.Id(id)), new BsonDocument
            {
                { "$set", new BsonDocument { { "recipients", QueueDocuments.Write(recipients) }, { "nextAttemptAt", Bson.Time(next) }, { "due", QueueDocuments.Due(recipients, next) } } },
                { "$unset", new BsonDocument { { "token", "" }, { "leaseExpiresAt", "" }, { "released", "" } } },
                { "$inc", new BsonDocument("revision", 1L) },
            }));
        }
        if (removed.Count > 0) await _entries.DeleteManyAsync(session, Bson.In("_id", removed), cancellationToken: cancellationToken);
        if (changes.Count > 0) await _entries.BulkWriteAsync(session, changes, new BulkWriteOptions { IsOrdered = true }, cancellationToken);
    }

    /// <summary>Those that are there already are no second message, and are not booked.</summary>
    private async Task InsertAsync(IClientSessionHandle session, List<QueueEntry> entries, Booking booking, CancellationToken cancellationToken)
    {
        if (entries.Count == 0) return;
        using var found = await _entries.FindAsync(session, Bson.In("_id", Bson.Ids(entries.Select(entry => entry.Id.Value))), new FindOptions<BsonDocument> { Projection = Bson.Only("_id") }, cancellationToken);
        var there = (await found.ToListAsync(cancellationToken)).Select(entry => entry.Guid("_id")).ToHashSet();
        var fresh = entries.Where(entry => there.Add(entry.Id.Value)).ToList();
        if (fresh.Count == 0) return;
        await _entries.InsertManyAsync(session, fresh.Select(QueueDocuments.Write), cancellationToken: cancellationToken);
        foreach (var entry in fresh)
        {
            booking.Accepted += entry.Recipients.Count;
            foreach (var recipient in entry.Recipients) booking.Close(recipient.State);
        }
    }

    private async Task BookAsync(IClientSessionHandle session, Booking booking, CancellationToken cancellationToken)
    {
        if (booking.IsEmpty) return;
        await _ledger.UpdateOneAsync(session, new BsonDocument("_id", _ledgerDocument), new BsonDocument("$inc", booking.ToDocument()), new UpdateOptions { IsUpsert = true }, cancellationToken);
    }

    private static List<QueueRecipient> Record(IReadOnlyList<QueueRecipient> recipients, IReadOnlyList<RecipientResult> results, Booking booking)
    {
        var recorded = recipients.ToList();
        foreach (var result in results)
        {
            for (var i = 0; i < recorded.Count; i++)
            {
                if (!recorded[i].State.IsOpen() || !recorded[i].Recipient.Address.Equals(result.Recipient)) continue;
                recorded[i] = recorded[i] with { State = result.State, Detail = result.Detail, DelayReported = recorded[i].DelayReported || result.DelayReported, Intent = result.IntentStays ? recorded[i].Intent : null };
                booking.Close(result.State);
            }
        }
        return recorded;
    }

    /// <summary>What a transaction adds to the ledger.</summary>
    private sealed class Booking
    {
        private readonly Dictionary<RecipientState, long> _closed = [];

        public long Accepted { get; set; }

        public bool IsEmpty => Accepted == 0 && _closed.Count == 0;

        /// <summary>An open state is none of the ledger's.</summary>
        public void Close(RecipientState state, long recipients = 1)
        {
            if (!state.IsOpen()) _closed[state] = _closed.GetValueOrDefault(state) + recipients;
        }

        public BsonDocument ToDocument()
        {
            var counters = new BsonDocument("accepted", Accepted);
            foreach (var (state, recipients) in _closed) counters[LedgerField(state)] = recipients;
            return counters;
        }
    }

    private static string LedgerField(RecipientState state) => $"closed.{(int)state}";
}
