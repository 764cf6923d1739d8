using System.Net;
using Merpati.Local.Processes;

namespace Merpati.Local.Cluster;

/// <summary>One instance of a service as a process of its own, with its configuration and its log in files.</summary>
public sealed class ServiceProcess : IAsyncDisposable
{
    /// <summary>Many that start at once on a machine that is busy take their time; one that ends is noticed at once.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly IReadOnlyDictionary<string, string> _environment;
    private readonly string _folder;
    private ChildProcess? _process;

    internal ServiceProcess(ServiceKind kind, int number, ServicePorts ports, string folder, IReadOnlyDictionary<string, string> environment)
    {
        Kind = kind;
        Name = $"{kind.Name()}-{number}";
        Ports = ports;
        _folder = folder;
        _environment = environment;
    }

    public ServiceKind Kind { get; }

    /// <summary><c>delivery-2</c>.</summary>
    public string Name { get; }

    public ServicePorts Ports { get; }

    public int ProcessId => _process!.Id;

    public bool IsRunning => _process is { HasExited: false };

    /// <summary>All that it wrote.</summary>
    public string Log => File.Exists(LogFile) ? File.ReadAllText(LogFile) : "";

    public string LogFile => Path.Combine(_folder, Name + ".log");

    /// <summary>Its keys, JSON.</summary>
    public string ConfigurationFile => Path.Combine(_folder, Name + ".json");

    /// <summary>Starts the program (again) and does not wait until it is ready.</summary>
    public async Task StartAsync()
    {
        if (IsRunning) throw new InvalidOperationException($"{Name} runs already.");
        _process?.Dispose();
        _process = await ChildProcess.StartAsync([.. ChildProcess.DieWithParent, "dotnet", Path.Combine(AppContext.BaseDirectory, Kind.Assembly()), "--config", ConfigurationFile], LogFile, _environment);
    }

    /// <summary>Waits until it says that it is ready.</summary>
    public async Task WaitUntilReadyAsync(CancellationToken cancellationToken = default)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        while (true)
        {
            if (!IsRunning) throw new InvalidOperationException($"{Name} ended:\n{Log}");
            try
            {
                using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{Ports.Http}/health/ready"), patience.Token);
                if (answer.StatusCode == HttpStatusCode.OK) return;
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !patience.IsCancellationRequested)
            {
            }
            catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested) { throw new InvalidOperationException($"{Name} was not ready within {Patience}:\n{Log}", e); }
            await Task.Delay(50, CancellationToken.None);
        }
    }

    /// <summary>SIGKILL: no farewell, no flush.</summary>
    public async Task KillAsync()
    {
        if (IsRunning) await _process!.KillAsync();
    }

    /// <summary>SIGTERM; returns when it has drained and ended.</summary>
    public Task StopAsync() => _process!.TerminateAsync();

    /// <summary>SIGSTOP: it is there, and does nothing.</summary>
    public void Pause() => _process!.Pause();

    /// <summary>SIGCONT.</summary>
    public void Continue() => _process!.Continue();

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process?.Dispose();
    }
}
