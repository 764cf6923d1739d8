using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Merpati.Storage.Sqlite;

/// <summary>
/// One store's file: one writer with group commit, many readers (design §4). Write-ahead log with synchronous FULL: what a call has returned is on the disk.
/// </summary>
public sealed class SqliteDatabase : IDisposable, IAsyncDisposable
{
    internal const int BusyMilliseconds = 5_000;
    internal const long LogLimit = 64 * 1024 * 1024;

    private readonly SqliteSchema _schema;
    private readonly SqliteSession _writing;
    private readonly GroupCommitWriter _writer;
    private readonly ReaderPool _readers;
    private bool _disposed;

    private SqliteDatabase(SqliteSchema schema, string path, SqliteSession writing, ILogger logger)
    {
        _schema = schema;
        Path = path;
        _writing = writing;
        _writer = new GroupCommitWriter(schema.Name, path, writing, logger);
        _readers = new ReaderPool(schema.Name, Math.Clamp(Environment.ProcessorCount * 2, 4, 16), () => OpenReader(path));
    }

    public string Name => _schema.Name;

    public string Path { get; }

    /// <summary>Opens or makes the file in the folder and brings its schema up to date.</summary>
    /// <exception cref="StoreUnavailableException">With one sentence for the person who started us.</exception>
    public static SqliteDatabase Open(string folder, SqliteSchema schema, ILogger logger)
    {
        var path = System.IO.Path.Combine(folder, schema.FileName);
        SqliteSession? session = null;
        try
        {
            session = new SqliteSession(path, SqliteOpenMode.ReadWriteCreate);
            Configure(session, schema);
            schema.Apply(session);
        }
        catch (SqliteException failure)
        {
            var translated = SqliteErrors.Translate(failure, schema.Name);
            session?.Dispose();
            throw translated is StoreUnavailableException or StoreFullException ? translated : new StoreUnavailableException(schema.Name, failure.Message, failure);
        }
        catch
        {
            session?.Dispose();
            throw;
        }
        SqliteLog.Opened(logger, schema.Name, path, schema.Migrations.Count);
        return new SqliteDatabase(schema, path, session, logger);
    }

    /// <summary>
    /// Runs the operation in a transaction and returns when that is on the disk. Many callers share one transaction, each within a savepoint:
    /// when the operation throws, its changes alone are undone and its caller alone gets the exception.
    /// It runs on the writer's thread, so it must be short and may do nothing but use the session; it may be run a second time when the first transaction came to nothing.
    /// Once it runs it is not cancelled, so that its caller always learns what became of it.
    /// </summary>
    /// <param name="octets">About how much it writes, when that is more than a few kilobytes; limits the size of a group.</param>
    public ValueTask<T> WriteAsync<T>(Func<SqliteSession, T> operation, long octets, CancellationToken cancellationToken) => _writer.RunAsync(operation, octets, cancellationToken);

    /// <inheritdoc cref="WriteAsync{T}(Func{SqliteSession, T}, long, CancellationToken)"/>
    public ValueTask<T> WriteAsync<T>(Func<SqliteSession, T> operation, CancellationToken cancellationToken) => _writer.RunAsync(operation, 0, cancellationToken);

    /// <inheritdoc cref="WriteAsync{T}(Func{SqliteSession, T}, long, CancellationToken)"/>
    public async ValueTask WriteAsync(Action<SqliteSession> operation, CancellationToken cancellationToken)
        => await _writer.RunAsync(session =>
        {
            operation(session);
            return true;
        }, 0, cancellationToken);

    /// <summary>
    /// Runs a short read in a snapshot of its own, on the caller's thread. Long lists are read in pages, one call each (<c>WHERE id &gt; ?1 ORDER BY id LIMIT ?2</c>),
    /// so that a slow consumer never pins the write-ahead log.
    /// </summary>
    public ValueTask<T> ReadAsync<T>(Func<SqliteSession, T> read, CancellationToken cancellationToken) => _readers.RunAsync(read, cancellationToken);

    /// <summary>As <see cref="ReadAsync"/>, for those who cannot await.</summary>
    public T Read<T>(Func<SqliteSession, T> read) => _readers.Run(read);

    /// <summary>Writes a consistent copy of the file while the store goes on. The copy appears under its name when it is complete, and replaces an older one.</summary>
    public Task BackupToAsync(string path, CancellationToken cancellationToken) => Task.Run(() =>
    {
        var unfinished = path + ".unfinished";
        File.Delete(unfinished);
        try
        {
            using (var source = OpenReader(Path))
            using (var target = new SqliteSession(unfinished, SqliteOpenMode.ReadWriteCreate))
            {
                source.Connection.BackupDatabase(target.Connection);
                target.ExecuteScript("PRAGMA journal_mode = DELETE");
            }
            cancellationToken.ThrowIfCancellationRequested();
            File.Move(unfinished, path, overwrite: true);
        }
        catch (SqliteException failure)
        {
            throw SqliteErrors.Translate(failure, Name);
        }
        finally
        {
            File.Delete(unfinished);
        }
    }, cancellationToken);

    /// <summary>Reads the whole file and names what is wrong with its structure; empty when all is well.</summary>
    public Task<IReadOnlyList<string>> CheckIntegrityAsync(CancellationToken cancellationToken) => Task.Run<IReadOnlyList<string>>(() =>
    {
        using var session = OpenReader(Path);
        var problems = new List<string>();
        using var rows = session.Query("PRAGMA integrity_check");
        while (rows.Next())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (rows.Text(0) is var line && line != "ok") problems.Add(line);
        }
        return problems;
    }, cancellationToken);

    /// <summary>Finishes what waits to be written, then closes the file with its log brought in.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed) return;
        _disposed = true;
        await _writer.DisposeAsync();
        Close();
    }

    /// <inheritdoc cref="DisposeAsync"/>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        _writer.Dispose();
        Close();
    }

    private void Close()
    {
        _readers.Dispose();
        // The last connection to close checkpoints and removes the log.
        _writing.Dispose();
    }

    private static SqliteSession OpenReader(string path)
    {
        var session = new SqliteSession(path, SqliteOpenMode.ReadOnly);
        session.ExecuteScript(string.Create(CultureInfo.InvariantCulture, $"PRAGMA busy_timeout = {BusyMilliseconds}; PRAGMA cache_size = -2048; PRAGMA temp_store = MEMORY"));
        return session;
    }

    private static void Configure(SqliteSession session, SqliteSchema schema)
    {
        // page_size and auto_vacuum count only while the file is empty, before the journal mode is set.
        // auto_vacuum INCREMENTAL: the file can give space back when idle (Housekeeping), at the price of a pointer map.
        // cache_size: 16 MiB for the writer's index pages; readers get 2 MiB, since every commit empties their caches and the kernel's page cache is warm.
        // mmap_size 0: a read error in a mapping is a SIGBUS that ends the process; through read() it is an error of one message.
        // wal_autocheckpoint: 16 MiB, so that a checkpoint's two fsyncs are shared by many commits; journal_size_limit cuts a log that grew in a rush.
        session.ExecuteScript(string.Create(CultureInfo.InvariantCulture, $"""
            PRAGMA busy_timeout = {BusyMilliseconds};
            PRAGMA page_size = {schema.PageSize};
            PRAGMA auto_vacuum = INCREMENTAL;
            PRAGMA journal_mode = WAL;
            PRAGMA synchronous = FULL;
            PRAGMA foreign_keys = ON;
            PRAGMA cache_size = -16384;
            PRAGMA mmap_size = 0;
            PRAGMA temp_store = MEMORY;
            PRAGMA wal_autocheckpoint = {16 * 1024 * 1024 / schema.PageSize};
            PRAGMA journal_size_limit = {LogLimit};
            """));
    }
}
