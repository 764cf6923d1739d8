using Merpati.Local.MongoGateway.Cursors;
using Merpati.Local.MongoGateway.Engine;
using Merpati.Local.MongoGateway.Sessions;
using Merpati.Local.MongoGateway.Wire;
using Npgsql;

namespace Merpati.Local.MongoGateway;

/// <summary>What a command has at hand while it runs.</summary>
/// <param name="Transaction">The open transaction that it is a part of.</param>
/// <param name="RetryId">Of a retryable write outside transactions.</param>
internal sealed record CommandContext(
    Request Request,
    Client Client,
    GatewayOptions Options,
    EngineLink Engine,
    SessionTable Sessions,
    CursorTable Cursors,
    string HostAndPort,
    FailPoint FailPoint,
    Transaction? Transaction,
    RetryRecords Retries,
    RetryId? RetryId)
{
    public CommandDocument Document => Request.Document;

    public string Database { get; } = Request.Document.Text("$db") ?? (Request.Legacy ? "admin" : throw new CommandFailure(new MongoError(40571, "Location40571"), "OP_MSG requests require a $db argument"));

    /// <summary>The value of the command's first field, where that is a collection.</summary>
    public string Collection => Document.Text(Document.Command) ?? throw new CommandFailure(MongoError.BadValue, $"{Document.Command}: a collection name has to be a string.");

    /// <summary>The transaction's connection, or one of the pool for as long as the lease lives.</summary>
    public async ValueTask<ConnectionLease> ConnectAsync(CancellationToken cancellationToken)
        => Transaction is { } transaction ? new ConnectionLease(transaction.Connection, Owned: false) : new ConnectionLease(await Engine.OpenAsync(cancellationToken), Owned: true);
}

internal readonly record struct ConnectionLease(NpgsqlConnection Connection, bool Owned) : IAsyncDisposable
{
    public ValueTask DisposeAsync() => Owned ? Connection.DisposeAsync() : ValueTask.CompletedTask;
}
