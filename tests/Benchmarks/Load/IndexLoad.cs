using System.Diagnostics.Metrics;
using System.Globalization;
using Merpati.Delivery.Mailboxes;
using Merpati.Mail;
using Merpati.Mailboxes;
using Merpati.Storage;
using Merpati.Storage.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Merpati.Benchmarks.Load;

/// <summary>What the search index costs at arrival: processor time and octets for each message, all in this process, on SQLite.</summary>
internal static class IndexLoad
{
    public const string Usage = "[--messages 2000] [--words 400,1300]";

    private const int Warming = 500;

    public static async Task RunAsync(Options options, CancellationToken cancellationToken)
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        foreach (var words in options.Numbers("words", 400, 1300))
        {
            var folder = Directory.CreateTempSubdirectory("merpati-bench-").FullName;
            await using (var stores = SqliteStores.Open(new SqliteStoreOptions { Folder = folder }, TimeProvider.System, NullLogger<SqliteStores>.Instance))
            {
                using var indexer = new SearchIndexer(stores.SearchIndex, stores.Content, new SearchMetrics(services.GetRequiredService<IMeterFactory>()), TimeProvider.System, NullLogger<SearchIndexer>.Instance);
                await FillAsync(stores, Warming, words, cancellationToken);
                await indexer.CatchUpAsync(cancellationToken);
                var count = options.Number("messages", 2000);
                var appending = await MeasureAsync(() => FillAsync(stores, count, words, cancellationToken));
                var before = new FileInfo(Path.Combine(folder, "mailboxes.db")).Length;
                var indexing = await MeasureAsync(async () => await indexer.CatchUpAsync(cancellationToken));
                var grown = new FileInfo(Path.Combine(folder, "mailboxes.db")).Length - before;
                await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                    $"messages of {SearchLoad.Message(1, words).Length} octets: indexing {indexing.Cpu / count:F3} ms CPU, {indexing.Wall / count:F3} ms each ({grown / (double)count / 1000:F1} KB in the file); storing one, content and mailbox, {appending.Cpu / count:F3} ms CPU"));
            }
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<(double Cpu, double Wall)> MeasureAsync(Func<Task> work)
    {
        var (cpu, started) = (Environment.CpuUsage.TotalTime, TimeProvider.System.GetTimestamp());
        await work();
        return ((Environment.CpuUsage.TotalTime - cpu).TotalMilliseconds, TimeProvider.System.GetElapsedTime(started).TotalMilliseconds);
    }

    private static async Task FillAsync(SqliteStores stores, int count, int words, CancellationToken cancellationToken)
    {
        var account = AccountId.New(TimeProvider.System);
        await stores.Mailboxes.EnsureAccountAsync(account, cancellationToken);
        var inbox = (await stores.Mailboxes.FindAsync(account, MailboxName.Inbox, cancellationToken))!.Id;
        await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = cancellationToken }, async (number, token) =>
        {
            var octets = SearchLoad.Message(number, words);
            using var builder = new MessageStructureBuilder();
            for (var rest = octets.AsMemory(); !rest.IsEmpty;)
            {
                var room = builder.GetMemory();
                var part = Math.Min(room.Length, rest.Length);
                rest[..part].CopyTo(room);
                builder.Advance(part);
                rest = rest[part..];
            }
            await using var writer = await stores.Content.CreateAsync(token);
            await writer.WriteAsync(octets, token);
            var content = await writer.CommitAsync(token);
            await stores.Mailboxes.AppendAsync(account, inbox, [new NewMessage
            {
                Flags = MessageFlags.None,
                InternalDate = TimeProvider.System.GetUtcNow(),
                Content = content.Id,
                Size = content.Size,
                EmailId = EmailIds.Of(content.Id),
                ThreadId = "T1",
                Structure = builder.Complete(),
            }], delivery: null, quota: null, token);
        });
    }
}
