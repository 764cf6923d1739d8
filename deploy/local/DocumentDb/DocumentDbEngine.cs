using System.Globalization;
using System.Net.Sockets;
using Merpati.Local.Processes;
using Npgsql;

namespace Merpati.Local.DocumentDb;

/// <summary>One PostgreSQL with DocumentDB on a port and a data folder of its own. It can be stopped or killed and started again on the same data.</summary>
public sealed class DocumentDbEngine : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(50);

    private readonly EngineTree _tree;
    private readonly string _name;
    private readonly string _log;
    private readonly bool _keepData;
    private readonly int _port = FreePort.Take();
    private ChildProcess? _process;
    private FileLock? _claim;

    internal DocumentDbEngine(EngineTree tree, string name, string log, bool keepData)
    {
        _tree = tree;
        _name = name;
        _log = log;
        _keepData = keepData;
    }

    /// <summary>For Npgsql.</summary>
    public string ConnectionString => string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={_port};Username=merpati;Database=postgres");

    /// <summary>The postmaster.</summary>
    public int ProcessId => _process?.Id ?? throw new InvalidOperationException("The engine is not running.");

    public bool IsRunning => _process is { HasExited: false };

    private string Data => Path.Combine(_tree.DataRoot, _name);

    /// <summary>Provisions the tree if need be, makes a database from the template and starts it.</summary>
    /// <param name="name">Of a database that stays; null for one that goes with the engine.</param>
    /// <param name="log">What PostgreSQL writes goes there.</param>
    public static async Task<DocumentDbEngine> StartNewAsync(string? name, string log, Action<string> report, CancellationToken cancellationToken)
    {
        var tree = await EngineTree.ProvisionAsync(report, cancellationToken);
        RemoveAbandoned(tree);
        var engine = new DocumentDbEngine(tree, name ?? string.Create(CultureInfo.InvariantCulture, $"test-{Environment.ProcessId}-{Guid.NewGuid():n}"), log, keepData: name is not null);
        engine._claim = FileLock.TryTake(engine.Data + ".lock") ?? throw new MissingPartException($"The database {name} is in use by another process.");
        try
        {
            if (!Directory.Exists(engine.Data)) await Tool.RunAsync("cp", ["-a", "--reflink=auto", Path.Combine(tree.DataRoot, EngineTemplate.Name), engine.Data], cancellationToken);
            await engine.StartAsync(cancellationToken);
            return engine;
        }
        catch
        {
            await engine.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it (again) on the same data and port, and waits until it answers.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (IsRunning) throw new InvalidOperationException("It runs already.");
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            while (!await TakesJobsHomeAsync(patience.Token))
            {
                // After a kill the old processes may still be on their way out; PostgreSQL then refuses to start, and is asked again.
                if (!IsRunning) await LaunchAsync();
                await Task.Delay(Between, patience.Token);
            }
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new InvalidOperationException($"The DocumentDB engine did not start within a minute. Its log: {_log}", e);
        }
    }

    /// <summary>An orderly shutdown: open transactions are rolled back, everything is written.</summary>
    public async Task StopAsync()
    {
        if (_process is null) return;
        await _process.InterruptAsync();
        Forget();
    }

    /// <summary>SIGKILL to the postmaster; its processes see that and end. What was committed is in the write-ahead log.</summary>
    public async Task KillAsync()
    {
        if (_process is null) return;
        await _process.KillAsync();
        Forget();
    }

    public async ValueTask DisposeAsync()
    {
        if (_keepData) await StopAsync();
        else await KillAsync();
        if (!_keepData && Directory.Exists(Data)) await Tool.RunAsync("rm", ["-rf", Data, Data + ".lock"], CancellationToken.None);
        _claim?.Dispose();
    }

    private async Task LaunchAsync()
    {
        Forget();
        _process = await ChildProcess.StartAsync(
            _tree.Enter("/usr/lib/postgresql/18/bin/postgres", "-D", $"/srv/{_name}", "-c", string.Create(CultureInfo.InvariantCulture, $"port={_port}")), _log);
    }

    private void Forget()
    {
        _process?.Dispose();
        _process = null;
    }

    /// <summary>
    /// Once the engine answers: its jobs (expiry is one) are called over a connection to the port that is written down with them, which is the template's
    /// or that of another start.
    /// </summary>
    private async ValueTask<bool> TakesJobsHomeAsync(CancellationToken cancellationToken)
    {
        if (!IsRunning) return false;
        try
        {
            await using var connection = new NpgsqlConnection(ConnectionString + ";Pooling=false;Timeout=5");
            await connection.OpenAsync(cancellationToken);
            await using var move = new NpgsqlCommand("DO $$ BEGIN IF to_regclass('cron.job') IS NOT NULL THEN UPDATE cron.job SET nodeport = inet_server_port() WHERE nodeport <> inet_server_port(); END IF; END $$", connection);
            await move.ExecuteNonQueryAsync(cancellationToken);
            return true;
        }
        catch (Exception e) when (e is NpgsqlException or SocketException or TimeoutException)
        {
            return false;
        }
    }

    /// <summary>Databases of tests whose process was killed: nobody holds their lock.</summary>
    private static void RemoveAbandoned(EngineTree tree)
    {
        foreach (var lockFile in Directory.GetFiles(tree.DataRoot, "test-*.lock"))
        {
            using var claim = FileLock.TryTake(lockFile);
            if (claim is null) continue;
            try
            {
                if (Directory.Exists(lockFile[..^".lock".Length])) Directory.Delete(lockFile[..^".lock".Length], recursive: true);
                File.Delete(lockFile);
            }
            catch (IOException)
            {
                // Another process clears it away at the same time.
            }
        }
    }
}
