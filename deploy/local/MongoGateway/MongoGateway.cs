using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Merpati.Local.MongoGateway.Commands;
using Merpati.Local.MongoGateway.Cursors;
using Merpati.Local.MongoGateway.Engine;
using Merpati.Local.MongoGateway.Sessions;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Merpati.Local.MongoGateway;

/// <summary>
/// Speaks MongoDB's wire protocol on 127.0.0.1 and has the DocumentDB engine do the work. It holds sessions, transactions and cursors; data and the
/// memory of retryable writes are the engine's. The engine may go and come back under it.
/// </summary>
public sealed class MongoGateway : IAsyncDisposable
{
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(1);

    private readonly GatewayOptions _options;
    private readonly ILogger _logger;
    private readonly EngineLink _engine;
    private readonly SessionTable _sessions;
    private readonly CursorTable _cursors;
    private readonly TcpListener _listener;
    private readonly CommandRunner _runner;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<int, Task> _connections = new();
    private Task _loops = Task.CompletedTask;
    private int _lastConnection;

    private MongoGateway(GatewayOptions options, EngineLink engine, TcpListener listener, ILogger logger)
    {
        _options = options;
        _logger = logger;
        _engine = engine;
        _listener = listener;
        _sessions = new SessionTable(options);
        _cursors = new CursorTable(options);
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var hostAndPort = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");
        ConnectionString = $"mongodb://{hostAndPort}/?replicaSet={options.ReplicaSet}";
        _runner = new CommandRunner(options, engine, _sessions, _cursors, new FailPoint(), hostAndPort, logger);
    }

    public int Port { get; }

    public string ConnectionString { get; }

    /// <summary>The engine must be there; after that it may go and come back.</summary>
    public static async ValueTask<MongoGateway> StartAsync(GatewayOptions options, ILogger logger, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        var engine = new EngineLink(options);
        var listener = new TcpListener(IPAddress.Loopback, options.Port);
        try
        {
            await RecordTables.CreateAsync(engine, cancellationToken);
            listener.Start(512);
        }
        catch
        {
            listener.Dispose();
            await engine.DisposeAsync();
            throw;
        }
        var gateway = new MongoGateway(options, engine, listener, logger);
        gateway._loops = Task.WhenAll(gateway.AcceptAsync(), gateway.SweepAsync(), gateway.WatchEngineAsync());
        GatewayLog.Listening(logger, gateway.ConnectionString);
        return gateway;
    }

    /// <summary>Closes the connections, cancels what runs and rolls back what is open.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested) return;
        await _stopping.CancelAsync();
        _listener.Dispose();
        await _loops;
        await Task.WhenAll(_connections.Values);
        await _sessions.AbortAllAsync();
        await _engine.DisposeAsync();
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            Socket socket;
            try { socket = await _listener.AcceptSocketAsync(_stopping.Token); }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException) { return; }
            catch (SocketException) { continue; }
            if (_connections.Count >= _options.MaxConnections)
            {
                GatewayLog.TooManyConnections(_logger, _options.MaxConnections);
                socket.Dispose();
                continue;
            }
            socket.NoDelay = true;
            var id = ++_lastConnection;
            var connection = new ClientConnection(id, socket, _runner, _logger);
            _connections[id] = Task.Run(() => ServeAsync(id, connection), CancellationToken.None);
        }
    }

    private async Task ServeAsync(int id, ClientConnection connection)
    {
        try { await connection.ServeAsync(_stopping.Token); }
        finally { _connections.TryRemove(id, out _); }
    }

    /// <summary>Ends what clients have forgotten: transactions, sessions, cursors.</summary>
    private async Task SweepAsync()
    {
        using var timer = new PeriodicTimer(SweepInterval, _options.Time);
        for (var tick = 0; await NextTickAsync(timer); tick++)
        {
            try
            {
                await _sessions.SweepAsync();
                if (_cursors.TakeIdle() is { Length: > 0 } idle) await DeleteCursorsAsync(idle);
                if (tick % 600 == 0) await RecordTables.ForgetOldAsync(_engine, _stopping.Token);
            }
            catch (Exception e) when (e is EngineAway or OperationCanceledException || e is NpgsqlException || EngineLink.IsLoss(e))
            {
                if (e is not (EngineAway or OperationCanceledException)) GatewayLog.SweepFailed(_logger, e);
            }
        }
    }

    private async ValueTask DeleteCursorsAsync(long[] ids)
    {
        await using var connection = await _engine.OpenAsync(_stopping.Token);
        await using var command = EngineCall.Command(connection, Queries.DeleteCursors, ids);
        await command.ExecuteScalarAsync(_stopping.Token);
    }

    private async ValueTask<bool> NextTickAsync(PeriodicTimer timer)
    {
        try { return await timer.WaitForNextTickAsync(_stopping.Token); }
        catch (OperationCanceledException) { return false; }
    }

    private async Task WatchEngineAsync()
    {
        try { await _engine.WatchAsync(_stopping.Token); }
        catch (OperationCanceledException) { }
    }
}
