using System.Net.Sockets;
using Npgsql;

namespace Merpati.Local.MongoGateway.Engine;

/// <summary>
/// The gateway's connections to the DocumentDB engine: one bounded pool for single commands, one for transactions, so that open transactions never
/// starve the others. Knows whether the engine is there: once a connection breaks, commands fail at once, as on a replica set without a primary,
/// until a probe gets through.
/// </summary>
internal sealed class EngineLink : IAsyncDisposable
{
    private static readonly TimeSpan ProbeInterval = TimeSpan.FromMilliseconds(100);

    private readonly NpgsqlDataSource _commands;
    private readonly NpgsqlDataSource _transactions;
    private readonly TimeProvider _time;
    private volatile bool _isUp = true;

    public EngineLink(GatewayOptions options)
    {
        _time = options.Time;
        _commands = Pool(Settings(options.Engine, options.CommandConnections));
        // MongoDB gives up at once when another transaction has the document; waiting a moment saves most of the retries.
        _transactions = Pool(Settings(options.Engine, options.MaxTransactions, "-c lock_timeout=2s"));
    }

    public bool IsUp => _isUp;

    public async ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken) => await OpenAsync(_commands, cancellationToken);

    public async ValueTask<NpgsqlConnection> OpenForTransactionAsync(CancellationToken cancellationToken) => await OpenAsync(_transactions, cancellationToken);

    /// <summary>A connection broke: until the probe succeeds nothing else is tried. Idle connections are broken too, most likely.</summary>
    public void Lost()
    {
        _isUp = false;
        _commands.Clear();
        _transactions.Clear();
    }

    /// <summary>Whether an exception means that the engine went away, and not that it refused.</summary>
    public static bool IsLoss(Exception exception) => exception switch
    {
        PostgresException refused => refused.SqlState is "57P01" or "57P02" or "57P03",
        NpgsqlException { InnerException: TimeoutException } => false,
        NpgsqlException or SocketException or IOException => true,
        _ => false,
    };

    /// <summary>Runs until cancelled: finds out that the engine is back.</summary>
    public async Task WatchAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(ProbeInterval, _time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            if (_isUp) continue;
            try
            {
                await using var connection = await _commands.OpenConnectionAsync(cancellationToken);
                await using var ask = new NpgsqlCommand("SELECT 1", connection);
                await ask.ExecuteScalarAsync(cancellationToken);
                _isUp = true;
            }
            catch (Exception e) when (e is NpgsqlException or SocketException or IOException or TimeoutException)
            {
                // Not yet.
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _commands.DisposeAsync();
        await _transactions.DisposeAsync();
    }

    private async ValueTask<NpgsqlConnection> OpenAsync(NpgsqlDataSource pool, CancellationToken cancellationToken)
    {
        if (!_isUp) throw new EngineAway();
        return await pool.OpenConnectionAsync(cancellationToken);
    }

    private static NpgsqlDataSource Pool(string settings)
    {
        var builder = new NpgsqlDataSourceBuilder(settings);
        builder.ConfigureTypeLoading(loading => loading.EnableTypeLoading(false)); // BSON goes as bytea: a new connection need not ask for types
        return builder.Build();
    }

    private static string Settings(string engine, int connections, string? options = null) => new NpgsqlConnectionStringBuilder(engine)
    {
        MaxPoolSize = connections,
        Options = options,
        NoResetOnClose = true, // every setting is made with SET LOCAL, or for the whole pool
        MaxAutoPrepare = 40,
        AutoPrepareMinUsages = 2,
        Timeout = 10, // for a place in the pool
        CommandTimeout = 0, // a command waits for a lock as long as its client does; a client that left is noticed
        Enlist = false,
    }.ConnectionString;
}

/// <summary>The engine is known to be away; nothing was tried.</summary>
internal sealed class EngineAway() : Exception("The DocumentDB engine is not running.");
