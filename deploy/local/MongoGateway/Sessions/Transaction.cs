using System.Data;
using Merpati.Local.MongoGateway.Engine;
using Npgsql;

namespace Merpati.Local.MongoGateway.Sessions;

/// <summary>
/// A transaction in progress: one connection to the engine with one transaction open on it, at repeatable read, which is MongoDB's snapshot.
/// Whoever ends it takes it out of its session first.
/// </summary>
internal sealed class Transaction : IAsyncDisposable
{
    private readonly NpgsqlTransaction _transaction;

    private Transaction(long number, NpgsqlTransaction transaction, DateTimeOffset started)
    {
        Number = number;
        _transaction = transaction;
        Started = started;
    }

    public long Number { get; }

    public DateTimeOffset Started { get; }

    public NpgsqlConnection Connection => _transaction.Connection!;

    /// <summary>It changed something: its commit is worth a record.</summary>
    public bool Wrote { get; set; }

    /// <summary>Npgsql sends BEGIN with the first command: no round trip of its own.</summary>
    public static async ValueTask<Transaction> BeginAsync(EngineLink engine, long number, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var connection = await engine.OpenForTransactionAsync(cancellationToken);
        try
        {
            return new Transaction(number, await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken), now);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public Task CommitAsync(CancellationToken cancellationToken) => _transaction.CommitAsync(cancellationToken);

    /// <summary>Gives the connection back; what is not committed is rolled back with it.</summary>
    public async ValueTask DisposeAsync()
    {
        var connection = _transaction.Connection;
        try
        {
            await _transaction.DisposeAsync();
        }
        catch (Exception e) when (EngineLink.IsLoss(e) || e is InvalidOperationException)
        {
            // The connection is broken, and the transaction with it.
        }
        if (connection is not null) await connection.DisposeAsync();
    }
}
