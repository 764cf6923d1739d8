using Merpati.Accounts;
using Merpati.Delivery.Mailboxes;
using Merpati.Mailboxes;
using Merpati.Storage.Sqlite;
using Merpati.TestKit;
using Merpati.Tests.Contracts.Mailboxes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Merpati.Tests.Contracts.Transcripts;

/// <summary>The mailboxes of Standalone: SQLite and Delivery's <c>Mailboxes</c>. Each test has databases of its own, as long as the process lives or until they are closed.</summary>
internal static class StandaloneMailboxes
{
    private static readonly string Root = Directory.CreateTempSubdirectory("merpati-transcripts-").FullName;

    static StandaloneMailboxes() => AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(Root, recursive: true);

    public static ITestMailboxes Of(IMailboxChangeFeed feed, TimeProvider time, IDirectory directory) => new StoredMailboxes(feed, time, () => Task.FromResult(Start(feed, time, directory)));

    private static StoredMailboxes.Parts Start(IMailboxChangeFeed feed, TimeProvider time, IDirectory directory)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Root, Guid.NewGuid().ToString("N"))).FullName;
        var log = NullLogger.Instance;
        var database = SqliteDatabase.Open(folder, SqliteMailboxStore.Schema, log);
        var store = new SqliteMailboxStore(database, time, log);
        var contents = SqliteDatabase.Open(folder, SqliteContentStore.Schema, log);
        var content = new SqliteContentStore(contents, time);
        var timeline = SqliteDatabase.Open(folder, SqliteJournal.Schema, log);
        var journal = new SqliteJournal(timeline);
        var firstFetches = new FirstFetches(journal, directory, time, NullLogger<FirstFetches>.Instance);
        var search = Searches.Over(store, content, new SqliteSearchIndex(database, log));
        return new StoredMailboxes.Parts(store, content, new Merpati.Delivery.Mailboxes.Mailboxes(store, content, feed, directory, firstFetches, search, Options.Create(new MailboxesOptions()), time)) { CloseAsync = CloseAsync };

        async ValueTask CloseAsync()
        {
            foreach (var file in (SqliteDatabase[])[database, contents, timeline]) await file.DisposeAsync();
            Directory.Delete(folder, recursive: true);
        }
    }
}
