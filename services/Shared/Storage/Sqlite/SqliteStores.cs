using Microsoft.Extensions.Logging;

namespace Merpati.Storage.Sqlite;

/// <summary>All stores of one data folder, opened together and closed together.</summary>
public sealed class SqliteStores : IAsyncDisposable
{
    /// <summary>
    /// In the order of a backup. The queue before the mailboxes: what is delivered between the two copies is then in both, and delivered again is no second copy;
    /// the other way round it would be in neither. The contents last: what the other copies refer to has been written by then, and outlives its last reference by the collector's delay.
    /// </summary>
    private static readonly SqliteSchema[] Schemas =
    [
        SqliteMailQueue.Schema, SqliteMailboxStore.Schema, SqliteDirectoryStore.Schema, SqliteJournal.Schema, SqliteContentStore.Schema,
    ];

    private readonly DataFolder _folder;

    private SqliteStores(DataFolder folder, IReadOnlyList<SqliteDatabase> databases, TimeProvider time, ILogger logger)
    {
        _folder = folder;
        Databases = databases;
        Content = new SqliteContentStore(Of(SqliteContentStore.Schema), time);
        Queue = new SqliteMailQueue(Of(SqliteMailQueue.Schema), time);
        SharedRecords = new SqliteSharedRecords(Of(SqliteMailQueue.Schema), time);
        Journal = new SqliteJournal(Of(SqliteJournal.Schema));
        Directory = new SqliteDirectoryStore(Of(SqliteDirectoryStore.Schema));
        Suppressions = new SqliteSuppressionList(Of(SqliteDirectoryStore.Schema), time);
        Mailboxes = new SqliteMailboxStore(Of(SqliteMailboxStore.Schema), time, logger);
        SearchIndex = new SqliteSearchIndex(Of(SqliteMailboxStore.Schema), logger);
    }

    public SqliteContentStore Content { get; }

    public SqliteMailQueue Queue { get; }

    public SqliteSharedRecords SharedRecords { get; }

    public SqliteJournal Journal { get; }

    public SqliteDirectoryStore Directory { get; }

    public SqliteSuppressionList Suppressions { get; }

    public SqliteMailboxStore Mailboxes { get; }

    public SqliteSearchIndex SearchIndex { get; }

    /// <summary>For <see cref="ConsistencyCheck"/>.</summary>
    public IStoreInspection Inspection => new SqliteInspection(Of(SqliteContentStore.Schema), Of(SqliteMailQueue.Schema), Of(SqliteMailboxStore.Schema));

    /// <summary>The databases behind the stores, for backup and integrity check.</summary>
    public IReadOnlyList<SqliteDatabase> Databases { get; }

    /// <summary>Takes the folder and opens every store in it, or none.</summary>
    /// <exception cref="StoreUnavailableException">With one sentence for the person who started us.</exception>
    public static SqliteStores Open(SqliteStoreOptions options, TimeProvider time, ILogger<SqliteStores> logger)
    {
        var folder = DataFolder.Take(options.Folder);
        var databases = new List<SqliteDatabase>();
        try
        {
            foreach (var schema in Schemas) databases.Add(SqliteDatabase.Open(folder.Path, schema, logger));
        }
        catch
        {
            foreach (var database in databases) database.Dispose();
            folder.Dispose();
            throw;
        }
        return new SqliteStores(folder, databases, time, logger);
    }

    /// <summary>Copies every store into a folder, which is then a data folder, while all goes on.</summary>
    public async Task BackupToAsync(string folder, CancellationToken cancellationToken)
    {
        System.IO.Directory.CreateDirectory(folder);
        foreach (var database in Databases) await database.BackupToAsync(Path.Combine(folder, Path.GetFileName(database.Path)), cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await Mailboxes.DisposeAsync();
        foreach (var database in Databases) await database.DisposeAsync();
        _folder.Dispose();
    }

    private SqliteDatabase Of(SqliteSchema schema) => Databases.Single(database => database.Name == schema.Name);
}
