using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace Merpati.Storage.Sqlite;

/// <summary>
/// A bounded number of read-only connections. A read runs on the caller's thread: it takes microseconds from the page cache, less than a hop to another thread.
/// Each read is one transaction, a snapshot, and is over before the call returns, so nobody's slowness keeps the write-ahead log from being checkpointed.
/// </summary>
internal sealed class ReaderPool(string store, int size, Func<SqliteSession> open) : IDisposable
{
    private readonly SemaphoreSlim _free = new(size, size);
    private readonly ConcurrentBag<SqliteSession> _idle = [];
    private volatile bool _closed;

    public ValueTask<T> RunAsync<T>(Func<SqliteSession, T> read, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested) return ValueTask.FromCanceled<T>(cancellationToken);
#pragma warning disable VSTHRD103 // It does not wait: mostly a connection is free, and then nothing has to be asynchronous.
        if (!_free.Wait(0, CancellationToken.None)) return WaitAndRunAsync(read, cancellationToken);
#pragma warning restore VSTHRD103
        try { return new(RunAndRelease(read)); }
#pragma warning disable CA1031 // As an async method does it: the fault is in the task.
        catch (Exception fault) { return ValueTask.FromException<T>(fault); }
#pragma warning restore CA1031
    }

    private async ValueTask<T> WaitAndRunAsync<T>(Func<SqliteSession, T> read, CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken);
        return RunAndRelease(read);
    }

    /// <summary>For those who cannot await (<see cref="Stream.Read(byte[], int, int)"/>).</summary>
    public T Run<T>(Func<SqliteSession, T> read)
    {
        _free.Wait();
        return RunAndRelease(read);
    }

    public void Dispose()
    {
        _closed = true;
        while (_idle.TryTake(out var session)) session.Dispose();
    }

    private T RunAndRelease<T>(Func<SqliteSession, T> read)
    {
        SqliteSession? session = null;
        try
        {
            if (_closed) throw new StoreUnavailableException(store, "it is being closed.");
            session = Take();
            return Read(session, read);
        }
        catch (SqliteException failure)
        {
            throw SqliteErrors.Translate(failure, store);
        }
        finally
        {
            Return(session);
            _free.Release();
        }
    }

    private static T Read<T>(SqliteSession session, Func<SqliteSession, T> read)
    {
        session.Execute("BEGIN");
        try { return read(session); }
        finally { session.Execute("ROLLBACK"); }
    }

    private SqliteSession Take() => _idle.TryTake(out var session) ? session : open();

    private void Return(SqliteSession? session)
    {
        if (session is null) return;
        if (session.InTransaction)
        {
            session.Dispose();
            return;
        }
        _idle.Add(session);
        // Closed in the meantime: whoever comes last puts out the light.
        if (_closed) Dispose();
    }
}
