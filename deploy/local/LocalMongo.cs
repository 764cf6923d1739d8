using Merpati.Local.DocumentDb;
using Merpati.Local.MongoGateway;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Merpati.Local;

/// <summary>
/// A MongoDB-compatible server: the DocumentDB engine, and our gateway in this process before it. Stopping and starting keeps the port and the data,
/// so a client of before goes on. <see cref="Engine"/> alone can be killed too: then the gateway answers as a replica set without a primary does.
/// </summary>
public sealed class LocalMongo : IAsyncDisposable
{
    private readonly ILogger _logger;
    private GatewayOptions _options;
    private MongoGateway.MongoGateway? _gateway;

    private LocalMongo(DocumentDbEngine engine, GatewayOptions options, ILogger logger)
    {
        Engine = engine;
        _options = options;
        _logger = logger;
    }

    public DocumentDbEngine Engine { get; }

    /// <summary>For MongoDB's drivers.</summary>
    public string ConnectionString { get; private set; } = "";

    /// <param name="name">Of a database that stays; null for one that goes at the end.</param>
    /// <param name="log">The file that PostgreSQL writes to; null for one in the temporary folder.</param>
    /// <param name="configure">Changes to the gateway's settings.</param>
    public static async Task<LocalMongo> StartNewAsync(CancellationToken cancellationToken, string? name = null, string? log = null, Func<GatewayOptions, GatewayOptions>? configure = null, ILogger? logger = null, Action<string>? report = null)
    {
        var engine = await DocumentDbEngine.StartNewAsync(name, log ?? Path.Combine(Path.GetTempPath(), "merpati-documentdb.log"), report ?? (static _ => { }), cancellationToken);
        var options = new GatewayOptions { Engine = engine.ConnectionString, Port = Processes.FreePort.Take() };
        var mongo = new LocalMongo(engine, configure?.Invoke(options) ?? options, logger ?? NullLogger.Instance);
        try
        {
            await mongo.StartAsync(cancellationToken);
            return mongo;
        }
        catch
        {
            await mongo.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts what does not run.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!Engine.IsRunning) await Engine.StartAsync(cancellationToken);
        if (_gateway is not null) return;
        _gateway = await MongoGateway.MongoGateway.StartAsync(_options, _logger, cancellationToken);
        _options = _options with { Port = _gateway.Port };
        ConnectionString = _gateway.ConnectionString;
    }

    /// <summary>An orderly stop: connections are closed, nobody listens any more.</summary>
    public async Task StopAsync()
    {
        await CloseGatewayAsync();
        await Engine.StopAsync();
    }

    /// <summary>The power goes: SIGKILL to the engine first, connections break in the middle of commands.</summary>
    public async Task KillAsync()
    {
        await Engine.KillAsync();
        await CloseGatewayAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await CloseGatewayAsync();
        await Engine.DisposeAsync();
    }

    private async Task CloseGatewayAsync()
    {
        if (_gateway is null) return;
        await _gateway.DisposeAsync();
        _gateway = null;
    }
}
