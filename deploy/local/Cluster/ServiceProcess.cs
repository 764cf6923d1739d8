using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http;
using System.Runtime.InteropServices;

namespace Merpati.Local.Cluster;

/// <summary>One instance of a service as a process of its own, with its configuration and its log in files.</summary>
public sealed class ServiceProcess : IAsyncDisposable
{
    private const int SigTerm = 15;
    private const int SigContinue = 18;
    private const int SigStop = 19;
    private const int LinesKept = 2000;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly ConcurrentQueue<string> _lines = new();
    private readonly IReadOnlyDictionary<string, string> _environment;
    private readonly string _folder;
    private Process? _process;
    private StreamWriter? _log;

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

    /// <summary>The last lines that it wrote.</summary>
    public string Log => string.Join('\n', _lines);

    public string LogFile => Path.Combine(_folder, Name + ".log");

    internal string ConfigurationFile => Path.Combine(_folder, Name + ".json");

    /// <summary>Starts the program (again) and does not wait until it is ready.</summary>
    public void Start()
    {
        if (IsRunning) throw new InvalidOperationException($"{Name} runs already.");
        _process?.Dispose();
        _log?.Dispose();
        _log = new StreamWriter(LogFile, append: true) { AutoFlush = true };
        // Dies with us, however we end.
        var start = new ProcessStartInfo("setpriv") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var argument in (string[])["--pdeathsig", "KILL", "dotnet", Path.Combine(AppContext.BaseDirectory, Kind.Assembly()), "--config", ConfigurationFile]) start.ArgumentList.Add(argument);
        foreach (var (name, value) in _environment) start.Environment[name] = value;
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Waits until it says that it is ready.</summary>
    public async Task WaitUntilReadyAsync(CancellationToken cancellationToken = default)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        while (true)
        {
            if (!IsRunning) throw new InvalidOperationException($"{Name} ended with {_process!.ExitCode}:\n{Log}");
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
        if (!IsRunning) return;
        _process!.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGTERM, and the exit code.</summary>
    public async Task<int> StopAsync()
    {
        Signal(SigTerm);
        using var patience = new CancellationTokenSource(Patience);
        await _process!.WaitForExitAsync(patience.Token);
        return _process.ExitCode;
    }

    /// <summary>SIGSTOP: it is there, and does nothing.</summary>
    public void Pause() => Signal(SigStop);

    public void Continue() => Signal(SigContinue);

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process?.Dispose();
        _log?.Dispose();
    }

    private void Signal(int signal)
    {
        if (Kill(_process!.Id, signal) != 0) throw new InvalidOperationException($"Signal {signal} could not be sent to {Name}.");
    }

    private void Keep(string? line)
    {
        if (line is null) return;
        _lines.Enqueue(line);
        while (_lines.Count > LinesKept) _lines.TryDequeue(out _);
        lock (_lines)
        {
            try { _log?.WriteLine(line); }
            catch (ObjectDisposedException) { }
        }
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int pid, int signal);
}
