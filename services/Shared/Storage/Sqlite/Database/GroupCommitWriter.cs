using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Merpati.Storage.Sqlite;

/// <summary>
/// The one writer of a database. Operations wait in a bounded line; the writer takes all that wait, runs them in one transaction and commits once,
/// so that one fsync serves them all. Nobody is made to wait for company: while one commit is on its way to the disk the next group gathers by itself.
/// It has a thread of its own, because it spends its time inside fsync and would starve the thread pool of a small machine.
/// </summary>
internal sealed class GroupCommitWriter : IDisposable, IAsyncDisposable
{
    // A group this large has long amortised its fsync; more would only make the first of it wait.
    private const int MaxOperations = 512;
    private const long MaxOctets = 8 * 1024 * 1024;
    private const int Line = 2048;
    private const int ShortWait = 100;
    private const long SmallLog = 1024 * 1024;
    private const int LogShare = 16;

    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(2);

    private readonly string _store;
    private readonly FileInfo _log;
    private readonly DriveInfo _disk;
    private readonly SqliteSession _session;
    private readonly ILogger _logger;
    private readonly Channel<WriteOperation> _line = Channel.CreateBounded<WriteOperation>(new BoundedChannelOptions(Line) { SingleReader = true });
    private readonly AutoResetEvent _arrived = new(initialState: false);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly StorageMetrics _metrics;
    private readonly Thread _thread;
    private WriteOperation? _leftOver;
    private bool _tidyFailed;

    public GroupCommitWriter(string store, string path, SqliteSession session, ILogger logger)
    {
        _store = store;
        _log = new FileInfo(path + "-wal");
        _disk = new DriveInfo(Path.GetFullPath(path));
        _session = session;
        _logger = logger;
        _metrics = new StorageMetrics(store, () => _line.Reader.Count);
        _thread = new Thread(Loop) { IsBackground = true, Name = $"{store} writer" };
        _thread.Start();
    }

    /// <inheritdoc cref="SqliteDatabase.WriteAsync{T}"/>
    public async ValueTask<T> RunAsync<T>(Func<SqliteSession, T> operation, long octets, CancellationToken cancellationToken)
    {
        var waiting = new WriteOperation<T>(operation, octets, cancellationToken);
        try { await _line.Writer.WriteAsync(waiting, cancellationToken); }
        catch (ChannelClosedException closed) { throw new StoreUnavailableException(_store, "it is being closed.", closed); }
        _arrived.Set();
        return await waiting.Done;
    }

    /// <summary>Takes no more, finishes what waits, then ends the thread.</summary>
    public async ValueTask DisposeAsync()
    {
        _line.Writer.TryComplete();
        _arrived.Set();
        await _ended.Task;
        _metrics.Dispose();
        _arrived.Dispose();
    }

    /// <inheritdoc cref="DisposeAsync"/>
    public void Dispose()
    {
        _line.Writer.TryComplete();
        _arrived.Set();
        _thread.Join();
        _metrics.Dispose();
        _arrived.Dispose();
    }

    private void Loop()
    {
        var group = new List<WriteOperation>(MaxOperations);
        var untidy = true;
        try
        {
            while (true)
            {
                // Read before the line is looked at: what was added before it closed is then seen.
                var closed = _line.Reader.Completion.IsCompleted;
                Gather(group);
                if (group.Count > 0)
                {
                    Settle(group);
                    group.Clear();
                    untidy = true;
                    BoundLog();
                    continue;
                }
                if (closed) return;
                if (_arrived.WaitOne(untidy ? Idle : Timeout.InfiniteTimeSpan)) continue;
                untidy = Tidy();
            }
        }
        finally
        {
            _ended.SetResult();
        }
    }

    private void Gather(List<WriteOperation> group)
    {
        var octets = 0L;
        while (group.Count < MaxOperations)
        {
            if (_leftOver is null && !_line.Reader.TryRead(out _leftOver)) return;
            if (_leftOver.TryCancel())
            {
                _leftOver = null;
                continue;
            }
            octets += _leftOver.Octets;
            if (octets > MaxOctets && group.Count > 0) return;
            group.Add(_leftOver);
            _leftOver = null;
        }
    }

    /// <summary>
    /// Commits the group as one. A failure in it, which is rare, costs a second run in which each operation has a savepoint and fails for itself alone:
    /// a savepoint copies every page that its operation changes first, and that for thousands of operations where nothing fails. Where there is no room,
    /// each is committed by itself, so that one that finds none does not take the others with it.
    /// </summary>
    private void Settle(List<WriteOperation> group)
    {
        var failure = TryCommit(group, withSavepoints: false);
        if (failure is not (null or StoreFullException) && group.Count > 1) failure = TryCommit(group, withSavepoints: true);
        if (failure is null) return;
        var eachByItself = failure is StoreFullException && (MakeRoom() || group.Count > 1);
        foreach (var operation in group)
        {
            if (operation.IsSettled) continue;
            var own = eachByItself ? TryCommit([operation], withSavepoints: false) : failure;
            if (own is not null) Fail(operation, own);
        }
    }

    /// <summary>Null when the transaction is on disk and all are settled; else why it is not, and those that did not fail by themselves are open.</summary>
    private Exception? TryCommit(List<WriteOperation> group, bool withSavepoints)
    {
        var startedAt = Stopwatch.GetTimestamp();
        try
        {
            _session.Execute("BEGIN IMMEDIATE");
            foreach (var operation in group)
            {
                if (withSavepoints) RunInSavepoint(operation);
                else operation.Run(_session);
            }
            _session.Execute("COMMIT");
        }
        catch (Exception failure)
        {
            var translated = SqliteErrors.Translate(failure, _store);
            RollBack();
            return translated;
        }
        _metrics.Committed(startedAt, group.Count);
        foreach (var operation in group)
        {
            if (!operation.IsSettled) operation.Succeed();
        }
        return null;
    }

    /// <summary>Runs one operation so that its failure undoes only its own changes.</summary>
    private void RunInSavepoint(WriteOperation operation)
    {
        _session.Execute("SAVEPOINT operation");
        try
        {
            operation.Run(_session);
        }
        catch (Exception failure) when (_session.InTransaction)
        {
            Fail(operation, SqliteErrors.Translate(failure, _store));
            _session.Execute("ROLLBACK TO operation");
        }
        _session.Execute("RELEASE operation");
    }

    private void Fail(WriteOperation operation, Exception failure)
    {
        _metrics.Failed();
        operation.Fail(failure);
    }

    private void RollBack()
    {
        if (!_session.InTransaction) return;
        try { _session.Execute("ROLLBACK"); }
        catch (Microsoft.Data.Sqlite.SqliteException failure) { SqliteLog.RollbackFailed(_logger, _store, failure); }
    }

    /// <summary>
    /// The checkpoint that sqlite3 makes by itself cannot start the log afresh while readers overlap without a gap, and then the log grows for as long as they do.
    /// Past its limit the readers have to let us through once; each of them is short.
    /// On a disk that is getting full the limit is lower: a log is brought into the file only where the file finds room to grow, and that must come before the last room is taken.
    /// </summary>
    private void BoundLog()
    {
        _log.Refresh();
        if (!_log.Exists || _log.Length <= SmallLog) return;
        var share = _disk.AvailableFreeSpace / LogShare;
        if (_log.Length <= Math.Clamp(share, SmallLog, SqliteDatabase.LogLimit)) return;
        try { _session.TruncateLog(SqliteDatabase.BusyMilliseconds); }
        catch (Microsoft.Data.Sqlite.SqliteException failure) { SqliteLog.TidyFailed(_logger, _store, failure); }
    }

    /// <summary>
    /// On a full disk the log itself may hold the room that is wanted: it keeps its length when its pages are in the file long since. Without this
    /// a store could not even delete until somebody else gives room back. True when the log gave some.
    /// </summary>
    private bool MakeRoom()
    {
        _log.Refresh();
        if (!_log.Exists || _log.Length == 0) return false;
        try { return _session.TruncateLog(ShortWait); }
        catch (Microsoft.Data.Sqlite.SqliteException) { return false; } // the file cannot grow either; the caller learns of it by the failure that brought us here
    }

    /// <summary>Nobody wants anything just now: gives free pages and the log's space back to the disk. True when there is more to do.</summary>
    private bool Tidy()
    {
        try
        {
            var more = _session.GiveBackFreePages() | !_session.TruncateLog(busyMilliseconds: 0);
            _tidyFailed = false;
            return more;
        }
        catch (Microsoft.Data.Sqlite.SqliteException failure)
        {
            // A full disk most likely: goes on trying, for the room in the log is what others wait for, but says so once.
            if (!_tidyFailed) SqliteLog.TidyFailed(_logger, _store, failure);
            return _tidyFailed = true;
        }
    }
}
