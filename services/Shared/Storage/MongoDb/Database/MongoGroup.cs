using System.Diagnostics;
using System.Threading.Channels;

namespace Merpati.Storage.MongoDb;

/// <summary>
/// Lets operations that come at the same time share one transaction: those that arrive while a group is on its way gather for the next.
/// Nobody is made to wait for company. A group that fails is run again one by one, so that each caller hears of its own failure alone.
/// </summary>
/// <typeparam name="TOperation">What a caller wants.</typeparam>
/// <typeparam name="TResult">What it gets; one for each, in the same order.</typeparam>
internal sealed class MongoGroup<TOperation, TResult> : IAsyncDisposable
{
    private const int Line = 2048;

    private readonly MongoConnection _connection;
    private readonly Func<IReadOnlyList<TOperation>, CancellationToken, ValueTask<IReadOnlyList<TResult>>> _run;
    private readonly int _maxOperations;
    private readonly Channel<Waiting> _line = Channel.CreateBounded<Waiting>(new BoundedChannelOptions(Line));
    private readonly Task[] _loops;

    /// <param name="groups">How many groups may be on their way at once; more than one only where they do not meet in one document.</param>
    public MongoGroup(MongoConnection connection, int maxOperations, int groups, Func<IReadOnlyList<TOperation>, CancellationToken, ValueTask<IReadOnlyList<TResult>>> run)
    {
        _connection = connection;
        _maxOperations = maxOperations;
        _run = run;
        _loops = [.. Enumerable.Range(0, groups).Select(_ => Task.Run(LoopAsync))];
    }

    /// <summary>Waits for its place in a group and for the group's commit. What is on its way when <paramref name="cancellationToken"/> comes is finished.</summary>
    public async ValueTask<TResult> RunAsync(TOperation operation, CancellationToken cancellationToken)
    {
        var waiting = new Waiting(operation, cancellationToken);
        _connection.CountWaiting(1);
        try { await _line.Writer.WriteAsync(waiting, cancellationToken); }
        catch (Exception closed)
        {
            _connection.CountWaiting(-1);
            if (closed is ChannelClosedException) throw new StoreUnavailableException(_connection.Store, "it is being closed.", closed);
            throw;
        }
        return await waiting.Done.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Takes no more and finishes what waits.</summary>
    public async ValueTask DisposeAsync()
    {
        _line.Writer.TryComplete();
        await Task.WhenAll(_loops);
    }

    private async Task LoopAsync()
    {
        var group = new List<Waiting>();
        while (await _line.Reader.WaitToReadAsync())
        {
            while (group.Count < _maxOperations && _line.Reader.TryRead(out var waiting))
            {
                _connection.CountWaiting(-1);
                if (!waiting.Cancelled.IsCancellationRequested) group.Add(waiting);
            }
            if (group.Count > 0) await RunAsync(group);
            group.Clear();
        }
    }

    private async Task RunAsync(List<Waiting> group)
    {
        var startedAt = Stopwatch.GetTimestamp();
        try
        {
            var results = await _run(group.ConvertAll(waiting => waiting.Operation), CancellationToken.None);
            for (var i = 0; i < group.Count; i++) group[i].Done.TrySetResult(results[i]);
            _connection.Metrics.Committed(startedAt, group.Count);
        }
        catch (Exception failure) when (group.Count == 1 || failure is StoreUnavailableException)
        {
            // Nobody fares better alone while the store is away.
            foreach (var waiting in group) waiting.Done.TrySetException(failure);
        }
        catch
        {
            foreach (var waiting in group) await RunAsync([waiting]);
        }
    }

    private sealed record Waiting(TOperation Operation, CancellationToken Cancelled)
    {
        public TaskCompletionSource<TResult> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
