using Merpati.Storage.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Merpati.Tests.Contracts;

/// <summary>A temporary data folder with one SQLite database, and what tests do to it.</summary>
internal sealed class SqliteFolder(SqliteSchema schema) : IAsyncDisposable
{
    private readonly List<string> _folders = [];

    public SqliteDatabase Database { get; private set; } = null!;

    public SqliteDatabase Open()
    {
        _folders.Add(Directory.CreateTempSubdirectory("merpati-contract-").FullName);
        return Database = SqliteDatabase.Open(_folders[^1], schema, NullLogger.Instance);
    }

    /// <summary>The files as they lie on the disk this moment, write-ahead log and all, opened as after a power cut. The caller must have no write on its way.</summary>
    public async Task<SqliteDatabase> CrashAsync()
    {
        var after = Directory.CreateTempSubdirectory("merpati-contract-").FullName;
        foreach (var file in Directory.GetFiles(_folders[^1])) File.Copy(file, Path.Combine(after, Path.GetFileName(file)));
        File.Delete(Path.Combine(after, schema.FileName + "-shm"));
        _folders.Add(after);
        await Database.DisposeAsync();
        return Database = SqliteDatabase.Open(after, schema, NullLogger.Instance);
    }

    /// <summary>No room for more than a few pages, or room again.</summary>
    public async Task LimitAsync(bool full) => await Database.WriteAsync(session =>
    {
        var limit = full ? session.Number("PRAGMA page_count") + 2 : 1_000_000_000;
        // A pragma takes no parameters.
        using var rows = session.Query($"PRAGMA max_page_count = {limit}");
        rows.Next();
    }, default);

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        foreach (var folder in _folders) Directory.Delete(folder, recursive: true);
    }
}
