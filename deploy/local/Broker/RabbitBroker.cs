using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Merpati.Local.Processes;

namespace Merpati.Local.Broker;

/// <summary>
/// Debian's RabbitMQ with folders and ports of its own, on loopback, with an epmd of its own. It can be stopped or killed and started again on the same
/// data, or with its data wiped.
/// </summary>
public sealed class RabbitBroker : IAsyncDisposable
{
    private const string Server = "/usr/lib/rabbitmq/bin/rabbitmq-server";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(100);

    private readonly string _folder;
    private readonly string _log;
    private readonly bool _keepData;
    private readonly int _port;
    private readonly int _distributionPort = FreePort.Take();
    private readonly int _nodesPort = FreePort.Take();
    private ChildProcess? _nodes;
    private ChildProcess? _process;

    private RabbitBroker(string folder, string log, bool keepData, int port)
    {
        _folder = folder;
        _log = log;
        _keepData = keepData;
        _port = port;
    }

    public Uri Uri => new(string.Create(CultureInfo.InvariantCulture, $"amqp://guest:guest@127.0.0.1:{_port}/"));

    public bool IsRunning => _process is { HasExited: false };

    /// <summary>The Erlang machine.</summary>
    public int ProcessId => _process?.Id ?? throw new InvalidOperationException("The broker is not running.");

    public static bool IsInstalled => File.Exists(Server);

    /// <summary>Installs the package when it is missing.</summary>
    public static async ValueTask ProvisionAsync(Action<string> report, CancellationToken cancellationToken)
    {
        if (IsInstalled) return;
        if (!Environment.IsPrivilegedProcess) throw new MissingPartException("RabbitMQ is not installed: apt-get install rabbitmq-server as root, or give MERPATI_TEST_RABBITMQ a URI, of the container in deploy/compose for example.");
        using var turn = await FileLock.WaitAsync(Path.Combine(LocalFolders.Cache, "broker.lock"), cancellationToken);
        if (IsInstalled) return;
        report("Installing rabbitmq-server");
        await Tool.RunAsync("apt-get", ["update", "-q"], cancellationToken);
        await Tool.RunAsync("apt-get", ["install", "-qy", "--no-install-recommends", "rabbitmq-server"], cancellationToken);
    }

    /// <param name="folder">For data that stay; null for a folder that goes with the broker.</param>
    /// <param name="port">0 takes a free one.</param>
    public static async Task<RabbitBroker> StartNewAsync(CancellationToken cancellationToken, string? folder = null, string? log = null, int port = 0, Action<string>? report = null)
    {
        await ProvisionAsync(report ?? (static _ => { }), cancellationToken);
        var place = folder ?? Directory.CreateTempSubdirectory("merpati-broker-").FullName;
        var broker = new RabbitBroker(place, log ?? Path.Combine(place, "broker.log"), folder is not null, port == 0 ? FreePort.Take() : port);
        try
        {
            await broker.StartAsync(cancellationToken);
            return broker;
        }
        catch
        {
            await broker.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it (again) on the same data and ports, and waits until it speaks AMQP.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (IsRunning) throw new InvalidOperationException("It runs already.");
        await ConfigureAsync(cancellationToken);
        _nodes = await ChildProcess.StartAsync([.. ChildProcess.DieWithParent, "epmd", "-port", Text(_nodesPort), "-address", "127.0.0.1"], _log, Settings());
        _process = await ChildProcess.StartAsync([.. ChildProcess.DieWithParent, Server], _log, Settings());
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            while (!await SpeaksAmqpAsync(patience.Token))
            {
                if (!IsRunning) throw new InvalidOperationException($"RabbitMQ ended while starting. Its log: {_log}");
                await Task.Delay(Between, patience.Token);
            }
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new InvalidOperationException($"RabbitMQ did not start in time. Its log: {_log}", e);
        }
    }

    /// <summary>An orderly stop.</summary>
    public async Task StopAsync()
    {
        if (_process is not null) await _process.TerminateAsync();
        await ForgetAsync();
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        if (_process is not null) await _process.KillAsync();
        await ForgetAsync();
    }

    /// <summary>Exchanges, queues and messages are gone; only while it does not run.</summary>
    public void WipeData()
    {
        if (IsRunning) throw new InvalidOperationException("Stop it first.");
        if (Directory.Exists(Database)) Directory.Delete(Database, recursive: true);
    }

    public async ValueTask DisposeAsync()
    {
        if (_keepData) await StopAsync();
        else await KillAsync();
        if (!_keepData && Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
    }

    private string Database => Path.Combine(_folder, "mnesia");

    private async ValueTask ConfigureAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(_folder);
        await File.WriteAllTextAsync(Path.Combine(_folder, "enabled_plugins"), "[].\n", cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(_folder, "rabbitmq.conf"),
            $"""
            listeners.tcp.1 = 127.0.0.1:{Text(_port)}
            vm_memory_high_watermark.absolute = 2GB
            disk_free_limit.absolute = 500MB

            """, cancellationToken);
    }

    /// <summary>The server script itself, without Debian's wrapper, reads all of it from its environment.</summary>
    private Dictionary<string, string> Settings() => new(StringComparer.Ordinal)
    {
        ["HOME"] = _folder, // the Erlang cookie
        ["RABBITMQ_NODENAME"] = "merpati@localhost",
        ["RABBITMQ_NODE_IP_ADDRESS"] = "127.0.0.1",
        ["RABBITMQ_NODE_PORT"] = Text(_port),
        ["RABBITMQ_DIST_PORT"] = Text(_distributionPort),
        ["ERL_EPMD_PORT"] = Text(_nodesPort),
        ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
        ["RABBITMQ_MNESIA_BASE"] = Database,
        ["RABBITMQ_LOG_BASE"] = _folder,
        ["RABBITMQ_LOGS"] = "-",
        ["RABBITMQ_CONFIG_FILE"] = Path.Combine(_folder, "rabbitmq"),
        ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(_folder, "enabled_plugins"),
        ["RABBITMQ_PID_FILE"] = Path.Combine(_folder, "pid"),
        ["RABBITMQ_CONF_ENV_FILE"] = "/dev/null",
        ["RABBITMQ_SERVER_ERL_ARGS"] = "-kernel inet_dist_use_interface {127,0,0,1}",
        // Makes the script exec the Erlang machine instead of watching over it: our child is the server.
        ["RUNNING_UNDER_SYSTEMD"] = "true",
    };

    private async ValueTask<bool> SpeaksAmqpAsync(CancellationToken cancellationToken)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, _port), cancellationToken);
            await socket.SendAsync("AMQP\0\0\u0009\u0001"u8.ToArray(), SocketFlags.None, cancellationToken);
            var answer = new byte[1];
            return await socket.ReceiveAsync(answer, SocketFlags.None, cancellationToken) == 1 && answer[0] == 1; // a method frame: connection.start
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private async ValueTask ForgetAsync()
    {
        _process?.Dispose();
        _process = null;
        if (_nodes is null) return;
        await _nodes.KillAsync();
        _nodes.Dispose();
        _nodes = null;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
