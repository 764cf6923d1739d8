using Microsoft.Extensions.Logging;

namespace Merpati.Storage.Sqlite;

/// <summary>All stores of one data folder, opened together and closed together.</summary>
public sealed class SqliteStores : IAsyncDisposable
{
    private readonly DataFolder _folder;
    private readonly List<SqliteDatabase> _databases = [];

    private SqliteStores(DataFolder folder, TimeProvider time, ILogger logger)
    {
        _folder = folder;
        Content = new SqliteContentStore(Open(SqliteContentStore.Schema, logger), time);
        Queue = new SqliteMailQueue(Open(SqliteMailQueue.Schema, logger), time);
        Journal = new SqliteJournal(Open(SqliteJournal.Schema, logger));
        Directory = new SqliteDirectoryStore(Open(SqliteDirectoryStore.Schema, logger));
        Mailboxes = new SqliteMailboxStore(Open(SqliteMailboxStore.Schema, logger), time, logger);
    }

    public SqliteContentStore Content { get; }

    public SqliteMailQueue Queue { get; }

    public SqliteJournal Journal { get; }

    public SqliteDirectoryStore Directory { get; }

    public SqliteMailboxStore Mailboxes { get; }

    /// <summary>The databases behind the stores, for backup and integrity check.</summary>
    public IReadOnlyList<SqliteDatabase> Databases => _databases;

    /// <summary>Takes the folder and opens every store in it, or none.</summary>
    /// <exception cref="StoreUnavailableException">With one sentence for the person who started us.</exception>
    public static SqliteStores Open(SqliteStoreOptions options, TimeProvider time, ILogger<SqliteStores> logger)
    {
        var folder = DataFolder.Take(options.Folder);
        try
        {
            return new SqliteStores(folder, time, logger);
        }
        catch
        {
            // The writers that did open have nothing to write and end with the process that now cannot start.
            folder.Dispose();
            throw;
        }
    }

    /// <summary>Copies every store into the folder while all goes on. Content last: what the other copies refer to is then in it.</summary>
    public async Task BackupToAsync(string folder, CancellationToken cancellationToken)
    {
        System.IO.Directory.CreateDirectory(folder);
        foreach (var database in _databases.AsEnumerable().Reverse()) await database.BackupToAsync(Path.Combine(folder, Path.GetFileName(database.Path)), cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await Mailboxes.DisposeAsync();
        foreach (var database in _databases) await database.DisposeAsync();
        _folder.Dispose();
    }

    private SqliteDatabase Open(SqliteSchema schema, ILogger logger)
    {
        var database = SqliteDatabase.Open(_folder.Path, schema, logger);
        _databases.Add(database);
        return database;
    }
}
