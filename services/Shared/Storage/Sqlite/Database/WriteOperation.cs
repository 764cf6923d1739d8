namespace Merpati.Storage.Sqlite;

/// <summary>An operation on its way through the writer, and the caller that waits for it.</summary>
internal abstract class WriteOperation(long octets, CancellationToken cancellationToken)
{
    public long Octets { get; } = octets;

    public bool IsSettled { get; protected set; }

    protected CancellationToken CancellationToken { get; } = cancellationToken;

    /// <summary>Runs it within the open transaction and keeps the result.</summary>
    public abstract void Run(SqliteSession session);

    /// <summary>After the commit: gives the caller the result.</summary>
    public abstract void Succeed();

    public abstract void Fail(Exception failure);

    /// <summary>True when the caller gave up before its turn came.</summary>
    public abstract bool TryCancel();
}

internal sealed class WriteOperation<T>(Func<SqliteSession, T> operation, long octets, CancellationToken cancellationToken) : WriteOperation(octets, cancellationToken)
{
    // Asynchronously: the writer's thread must never run the code of those who wait for it.
    private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? _result;

    public Task<T> Done => _done.Task;

    public override void Run(SqliteSession session) => _result = operation(session);

    public override void Succeed()
    {
        IsSettled = true;
        _done.TrySetResult(_result!);
    }

    public override void Fail(Exception failure)
    {
        IsSettled = true;
        _done.TrySetException(failure);
    }

    public override bool TryCancel()
    {
        if (!CancellationToken.IsCancellationRequested) return false;
        IsSettled = true;
        return _done.TrySetCanceled(CancellationToken);
    }
}
