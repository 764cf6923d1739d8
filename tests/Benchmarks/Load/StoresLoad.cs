using System.Diagnostics;
using System.Globalization;
using System.Text;
using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.Mail;
using Merpati.Mailboxes;
using Merpati.Queueing;
using Merpati.Storage;
using Merpati.Storage.MongoDb;
using Merpati.Storage.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Merpati.Benchmarks.Load;

/// <summary>The stores alone, without a protocol before them: operations a second by callers at once, and the cost of a mailbox by its size.</summary>
internal static class StoresLoad
{
    public const string Usage = "[--mongo CONNECTION-STRING] [--callers 1,20] [--seconds 4] [--sizes 1000,10000,100000]";

    private const int AppendAtOnce = 500;

    public static async Task RunAsync(Options options, CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        var callers = options.Numbers("callers", 1, 20);
        var seconds = options.Number("seconds", 4);
        if (options.Has("mongo"))
        {
            var database = "bench-" + Guid.NewGuid().ToString("N")[..12];
            await using var stores = new MongoStores(new MongoStoreOptions { ConnectionString = options.Text("mongo"), Database = database }, time, NullLogger<MongoStores>.Instance);
            await stores.PrepareAsync(MongoStoreKinds.Content | MongoStoreKinds.Queue | MongoStoreKinds.Journal | MongoStoreKinds.Mailboxes, cancellationToken);
            await RunAsync(stores.Content, stores.Queue, null, callers, seconds, options.Numbers("sizes", 1000, 10_000, 100_000), cancellationToken);
            return;
        }
        var folder = Directory.CreateTempSubdirectory("merpati-bench-").FullName;
        await using (var stores = SqliteStores.Open(new SqliteStoreOptions { Folder = folder }, time, NullLogger<SqliteStores>.Instance))
        {
            await RunAsync(stores.Content, stores.Queue, stores.Mailboxes, callers, seconds, options.Numbers("sizes", 1000, 10_000, 100_000), cancellationToken);
        }
        Directory.Delete(folder, recursive: true);
    }

    private static async Task RunAsync(IContentStore contents, IMailQueue queue, IMailboxStore? mailboxes, int[] callers, int seconds, int[] sizes, CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        var octets = Encoding.ASCII.GetBytes("From: a@example.test\r\nTo: b@example.test\r\nSubject: bench\r\nMessage-ID: <1@example.test>\r\n\r\n" + new string('x', 10_000));
        using var builder = new MessageStructureBuilder();
        octets.CopyTo(builder.GetMemory());
        builder.Advance(octets.Length);
        var structure = builder.Complete();
        foreach (var count in callers)
        {
            await MeasureAsync("contents of 10 KB", count, seconds, async _ =>
            {
                await using var writer = await contents.CreateAsync(cancellationToken);
                await writer.WriteAsync(octets, cancellationToken);
                await writer.CommitAsync(cancellationToken);
            });
            await MeasureAsync("enqueue, lease, complete", count, seconds, async _ =>
            {
                await queue.EnqueueAsync(Entry(time), cancellationToken);
                foreach (var lease in await queue.LeaseAsync(QueueRoute.Local, "bench", LeaseWish.UpTo(1), TimeSpan.FromMinutes(1), cancellationToken))
                    await queue.CompleteAsync(lease, [new RecipientResult(lease.Entry.Recipients[0].Recipient.Address, RecipientState.Delivered, "250 2.0.0")], time.GetUtcNow(), [], cancellationToken);
            });
            if (mailboxes is null) continue;
            var shared = await InboxAsync(mailboxes, cancellationToken);
            await MeasureAsync("appends to one mailbox", count, seconds, async _ => await mailboxes.AppendAsync(shared.Account, shared.Inbox, [Message(time, structure)], NewDelivery(time), null, cancellationToken));
            var own = await Task.WhenAll(Enumerable.Range(0, count).Select(_ => InboxAsync(mailboxes, cancellationToken)));
            await MeasureAsync("appends to a mailbox each", count, seconds, async caller => await mailboxes.AppendAsync(own[caller].Account, own[caller].Inbox, [Message(time, structure)], NewDelivery(time), null, cancellationToken));
        }
        if (mailboxes is null) return;
        foreach (var size in sizes) await GrowthAsync(mailboxes, size, structure, cancellationToken);
    }

    private static async Task MeasureAsync(string what, int callers, int seconds, Func<int, Task> operation)
    {
        var latencies = new Latencies();
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            while (clock.Elapsed.TotalSeconds < seconds)
            {
                var startedAt = Stopwatch.GetTimestamp();
                await operation(caller);
                latencies.Add(startedAt);
            }
        })));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what,-28} {callers,4} callers {latencies.Count / clock.Elapsed.TotalSeconds,8:F0}/s  {latencies}"));
    }

    /// <summary>What a client asks of a mailbox of this size.</summary>
    private static async Task GrowthAsync(IMailboxStore mailboxes, int size, MessageStructure structure, CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        var (account, inbox) = await InboxAsync(mailboxes, cancellationToken);
        for (var there = 0; there < size; there += AppendAtOnce)
            await mailboxes.AppendAsync(account, inbox, [.. Enumerable.Range(0, Math.Min(AppendAtOnce, size - there)).Select(_ => Message(time, structure))], null, null, cancellationToken);
        var modSeq = (await mailboxes.GetAsync(account, inbox, cancellationToken))!.HighestModSeq;
        var middle = UidSet.Of([new UidRange(new Uid((uint)size / 2), new Uid((uint)size / 2 + 99))]);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"mailbox of {size} messages, ms:")
            + await CostAsync("SELECT", async () => await mailboxes.SnapshotAsync(account, inbox, cancellationToken))
            + await CostAsync("flags of all", async () => await DrainAsync(mailboxes.StatesAsync(account, inbox, UidSet.All, cancellationToken)))
            + await CostAsync("flags of 100", async () => await DrainAsync(mailboxes.StatesAsync(account, inbox, middle, cancellationToken)))
            + await CostAsync("100 messages", async () => await DrainAsync(mailboxes.MessagesAsync(account, inbox, middle, cancellationToken)))
            + await CostAsync("append", async () => await mailboxes.AppendAsync(account, inbox, [Message(time, structure)], null, null, cancellationToken))
            + await CostAsync("changes since", async () => await mailboxes.ChangesAsync(account, inbox, modSeq, cancellationToken))
            + await CostAsync("STORE of 100", async () => await mailboxes.StoreFlagsAsync(account, inbox, middle, FlagOperation.Replace, new MessageFlags((SystemFlags)Random.Shared.Next(8), []), null, cancellationToken))
            + await CostAsync("expunge of 1", async () => await mailboxes.ExpungeAsync(account, inbox, UidSet.Of(new Uid((uint)Random.Shared.Next(1, size))), onlyDeleted: false, cancellationToken))
            + await CostAsync("STATUS", async () => await mailboxes.GetAsync(account, inbox, cancellationToken)));
    }

    private static async Task<string> CostAsync(string what, Func<Task> operation)
    {
        var latencies = new Latencies();
        for (var i = 0; i < 20; i++)
        {
            var startedAt = Stopwatch.GetTimestamp();
            await operation();
            latencies.Add(startedAt);
        }
        return string.Create(CultureInfo.InvariantCulture, $" {what} {latencies.Milliseconds(50):F2};");
    }

    private static async Task DrainAsync<T>(IAsyncEnumerable<T> items)
    {
        await foreach (var _ in items) { }
    }

    private static async Task<(AccountId Account, MailboxId Inbox)> InboxAsync(IMailboxStore mailboxes, CancellationToken cancellationToken)
    {
        var account = AccountId.New(TimeProvider.System);
        await mailboxes.EnsureAccountAsync(account, cancellationToken);
        return (account, (await mailboxes.FindAsync(account, MailboxName.Inbox, cancellationToken))!.Id);
    }

    private static DeliveryKey NewDelivery(TimeProvider time) => new(QueueId.New(time), "bench@example.test");

    private static NewMessage Message(TimeProvider time, MessageStructure structure) => new()
    {
        Flags = MessageFlags.None,
        InternalDate = time.GetUtcNow(),
        Content = ContentId.New(time),
        TracePrefix = "Return-Path: <a@example.test>\r\nReceived: from a by b; Tue, 24 Nov 2026 00:00:00 +0000\r\n"u8.ToArray(),
        Size = 10_200,
        EmailId = "M1",
        ThreadId = "T1",
        Structure = structure,
    };

    private static QueueEntry Entry(TimeProvider time) => new()
    {
        Id = QueueId.New(time),
        Route = QueueRoute.Local,
        Content = ContentId.New(time),
        Size = 10_000,
        TraceHeaders = "Received: from a by b; Tue, 24 Nov 2026 00:00:00 +0000\r\n"u8.ToArray(),
        ReversePath = new ReversePath(EmailAddress.Parse("a@example.test")),
        Recipients = [new QueueRecipient { Recipient = new EnvelopeRecipient(EmailAddress.Parse("b@example.test")) }],
        AcceptedAt = time.GetUtcNow(),
        NextAttemptAt = time.GetUtcNow(),
    };
}
