namespace Merpati.Local.MongoGateway;

/// <summary>How a gateway is set up. The defaults are MongoDB's where it has one.</summary>
public sealed record GatewayOptions
{
    /// <summary>Npgsql's connection string to the DocumentDB engine; pool settings are the gateway's own.</summary>
    public required string Engine { get; init; }

    /// <summary>On 127.0.0.1; 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>The replica set whose primary the gateway says it is.</summary>
    public string ReplicaSet { get; init; } = "rs0";

    public int MaxConnections { get; init; } = 2_000;

    /// <summary>Connections to the engine for commands outside transactions; each is one process there.</summary>
    public int CommandConnections { get; init; } = 64;

    /// <summary>Transactions that are open at once; each holds a connection to the engine.</summary>
    public int MaxTransactions { get; init; } = 64;

    /// <summary>transactionLifetimeLimitSeconds: an abandoned transaction is rolled back after this.</summary>
    public TimeSpan TransactionLifetime { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>cursorTimeoutMillis.</summary>
    public TimeSpan CursorLifetime { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The engine keeps an open cursor in a file, and 5,000 of them at the most.</summary>
    public int MaxCursors { get; init; } = 4_000;

    /// <summary>logicalSessionTimeoutMinutes.</summary>
    public TimeSpan SessionLifetime { get; init; } = TimeSpan.FromMinutes(30);

    public int MaxSessions { get; init; } = 100_000;

    public TimeProvider Time { get; init; } = TimeProvider.System;
}
