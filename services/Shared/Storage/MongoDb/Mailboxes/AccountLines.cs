using System.Diagnostics;
using Merpati.Mailboxes;

namespace Merpati.Storage.MongoDb;

/// <summary>
/// Lets the changes to one account wait in line for each other instead of colliding in the database: a line per account that has something to do, with one runner.
/// Small changes that wait side by side (deliveries to a busy mailbox above all) share a transaction. Between processes the database decides, and the loser tries again.
/// </summary>
internal sealed class AccountLines(MailboxCollections collections, TimeProvider time, int messagesPerTransaction) : IAsyncDisposable
{
    private const int OperationsPerTransaction = 128;
    private const long OctetsPerTransaction = 8 * 1024 * 1024;

    // In one line. Far more than there are workers; whoever gets there is told that the store is busy.
    private const int MaxWaiting = 4096;

    // Leaves connections for readers.
    private readonly SemaphoreSlim _transactions = new(32);
    private readonly Dictionary<AccountId, Queue<Waiting>> _lines = [];
    private TaskCompletionSource? _closed;

    /// <summary>Waits for its turn and for the commit. What is on its way when <paramref name="cancellationToken"/> comes is finished.</summary>
    public async ValueTask<TResult> RunAsync<TResult>(AccountId account, AccountOperation<TResult> operation, CancellationToken cancellationToken)
    {
        var waiting = new Waiting(operation, cancellationToken);
        if (Join(account, waiting)) _ = Task.Run(() => DrainAsync(account), CancellationToken.None);
        await waiting.Done.Task.WaitAsync(cancellationToken);
        return operation.Result;
    }

    /// <summary>Takes no more and finishes what waits.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_lines)
        {
            _closed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_lines.Count == 0) _closed.TrySetResult();
        }
        await _closed.Task;
        _transactions.Dispose();
    }

    /// <summary>True when the line is new and wants a runner.</summary>
    private bool Join(AccountId account, Waiting waiting)
    {
        lock (_lines)
        {
            if (_closed is not null) throw new StoreUnavailableException(collections.Connection.Store, "it is being closed.");
            var begun = _lines.TryGetValue(account, out var line);
            if (line is null) _lines.Add(account, line = new Queue<Waiting>());
            if (line.Count >= MaxWaiting) throw new StoreUnavailableException(collections.Connection.Store, "too many changes to one account are waiting.");
            line.Enqueue(waiting);
            collections.Connection.CountWaiting(1);
            return !begun;
        }
    }

    private async Task DrainAsync(AccountId account)
    {
        await _transactions.WaitAsync();
        try
        {
            while (NextGroup(account) is { } group) await RunAsync(account, group);
        }
        finally
        {
            _transactions.Release();
        }
        lock (_lines)
        {
            if (_lines.Count == 0) _closed?.TrySetResult();
        }
    }

    /// <summary>Null when the line is at its end; it is gone then.</summary>
    private List<Waiting>? NextGroup(AccountId account)
    {
        lock (_lines)
        {
            var line = _lines[account];
            var group = new List<Waiting>();
            var octets = 0L;
            while (line.TryPeek(out var next))
            {
                var joins = group.Count == 0 || group[^1].Operation.Shares && next.Operation.Shares && group.Count < OperationsPerTransaction && octets + next.Operation.Octets <= OctetsPerTransaction;
                if (!joins) break;
                line.Dequeue();
                collections.Connection.CountWaiting(-1);
                if (next.Cancelled.IsCancellationRequested) continue;
                group.Add(next);
                octets += next.Operation.Octets;
            }
            if (group.Count > 0) return group;
            _lines.Remove(account);
            return null;
        }
    }

    private async Task RunAsync(AccountId account, List<Waiting> group)
    {
        var startedAt = Stopwatch.GetTimestamp();
        var connection = collections.Connection;
        try
        {
            await connection.TransactAsync(async (session, token) =>
            {
                var work = new AccountWork(collections, session, account, time, messagesPerTransaction, token);
                foreach (var waiting in group) waiting.Operation.Declare(work.Needs);
                await work.LoadAsync();
                foreach (var waiting in group) await waiting.Operation.RunAsync(work);
                await work.SaveAsync();
                return true;
            }, CancellationToken.None);
            foreach (var waiting in group) waiting.Done.TrySetResult();
            connection.Metrics.Committed(startedAt, group.Count);
        }
        catch (Exception failure) when (group.Count == 1 || failure is StoreUnavailableException)
        {
            // Nobody fares better alone while the store is away.
            foreach (var waiting in group) waiting.Done.TrySetException(failure);
        }
        catch
        {
            // So that each caller hears of its own failure alone.
            foreach (var waiting in group) await RunAsync(account, [waiting]);
        }
    }

    private sealed record Waiting(AccountOperation Operation, CancellationToken Cancelled)
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
