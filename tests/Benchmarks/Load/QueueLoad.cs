using System.Collections.Frozen;
using System.Diagnostics;
using System.Globalization;
using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.Local;
using Merpati.Mailboxes;
using Merpati.Queueing;
using Merpati.Storage;
using Merpati.Storage.MongoDb;
using Merpati.Storage.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Merpati.Benchmarks.Load;

/// <summary>What a lease costs by the length of the relay queue: nine tenths of it for destinations that have enough to do, before all others in their turn.</summary>
internal static class QueueLoad
{
    public const string Usage = "[--mongo CONNECTION-STRING|local] [--sizes 1000,10000,100000] [--rounds 20]";

    private const int Full = 90;
    private const int Open = 20;
    private const int Batch = 64;

    public static async Task RunAsync(Options options, CancellationToken cancellationToken)
    {
        var (sizes, rounds) = (options.Numbers("sizes", 1000, 10_000, 100_000), options.Number("rounds", 20));
        if (!options.Has("mongo"))
        {
            foreach (var size in sizes)
            {
                var folder = Directory.CreateTempSubdirectory("merpati-bench-").FullName;
                await using (var stores = SqliteStores.Open(new SqliteStoreOptions { Folder = folder }, TimeProvider.System, NullLogger<SqliteStores>.Instance))
                    await MeasureAsync(stores.Queue, size, rounds, cancellationToken);
                Directory.Delete(folder, recursive: true);
            }
            return;
        }
        await using var local = options.Text("mongo") == "local" ? await LocalMongo.StartNewAsync(cancellationToken) : null;
        foreach (var size in sizes)
        {
            var database = "bench-" + Guid.NewGuid().ToString("N")[..12];
            await using var stores = new MongoStores(new MongoStoreOptions { ConnectionString = local?.ConnectionString ?? options.Text("mongo"), Database = database }, TimeProvider.System, NullLogger<MongoStores>.Instance);
            await stores.PrepareAsync(MongoStoreKinds.Queue, cancellationToken);
            await MeasureAsync(stores.Queue, size, rounds, cancellationToken);
        }
    }

    private static async Task MeasureAsync(IMailQueue queue, int size, int rounds, CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        var start = time.GetUtcNow().AddHours(-1);
        foreach (var part in Enumerable.Range(0, size).Chunk(500)) await queue.EnqueueAsync([.. part.Select(i => Entry(time, i, size, start))], cancellationToken);
        var full = Enumerable.Range(0, Full).Select(i => $"full{i}.test").ToFrozenSet();
        var (share, idle, next, complete) = (new Latencies(), new Latencies(), new Latencies(), new Latencies());
        for (var round = 0; round < rounds; round++)
        {
            var leases = await TimedAsync(share, () => queue.LeaseAsync(QueueRoute.Relay, "bench", new LeaseWish(Batch, 5, 32, full), TimeSpan.FromMinutes(10), cancellationToken));
            await TimedAsync(next, () => queue.NextDueAsync(QueueRoute.Relay, cancellationToken));
            if (leases.Count == 0) break;
            await TimedAsync(complete, () => new ValueTask<bool[]>(Task.WhenAll(leases.Select(lease => queue.CompleteAsync(lease, [Relayed(lease)], time.GetUtcNow(), [], cancellationToken).AsTask()))));
        }
        var all = full.Concat(Enumerable.Range(0, Open).Select(i => $"open{i}.test")).ToFrozenSet();
        for (var round = 0; round < rounds; round++) await TimedAsync(idle, () => queue.LeaseAsync(QueueRoute.Relay, "bench", new LeaseWish(Batch, 5, 32, all), TimeSpan.FromMinutes(10), cancellationToken));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{size,7} queued, p50 (max) ms: lease of {Batch} past full destinations {share.Milliseconds(50):F2} ({share.Milliseconds(100):F1}); with nothing to take {idle.Milliseconds(50):F2} ({idle.Milliseconds(100):F1}); next due {next.Milliseconds(50):F2}; {Batch} completed {complete.Milliseconds(50):F2}"));
    }

    private static async Task<T> TimedAsync<T>(Latencies latencies, Func<ValueTask<T>> operation)
    {
        var started = Stopwatch.GetTimestamp();
        var result = await operation();
        latencies.Add(started);
        return result;
    }

    private static RecipientResult Relayed(QueueLease lease) => new(lease.Entry.Recipients[0].Recipient.Address, RecipientState.Relayed, "250 2.0.0 Ok");

    private static QueueEntry Entry(TimeProvider time, int number, int size, DateTimeOffset start)
    {
        var destination = number < size - (size / 10) ? $"full{number % Full}.test" : $"open{number % Open}.test";
        return new QueueEntry
        {
            Id = QueueId.New(time),
            Route = QueueRoute.Relay,
            Destination = destination,
            Content = ContentId.New(time),
            Size = 10_000,
            TraceHeaders = "Received: from a by b; Tue, 24 Nov 2026 00:00:00 +0000\r\n"u8.ToArray(),
            ReversePath = new ReversePath(EmailAddress.Parse($"sender{number % 50}@example.test")),
            Recipients = [new QueueRecipient { Recipient = new EnvelopeRecipient(EmailAddress.Parse($"user{number}@{destination}")) }],
            AcceptedAt = start,
            NextAttemptAt = start.AddMilliseconds(number),
        };
    }
}
