using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Merpati.TestKit;

/// <summary>The real Standalone program in a process of its own, on loopback and free ports, with a data folder of its own.</summary>
public sealed class StandaloneProcess : IMailServer
{
    // Below the ephemeral ports (32768 up), which outgoing connections of the tests themselves take.
    private const int FirstOffset = 11_000;
    private const int LastOffset = 31_700;

    private static readonly Lock PortLock = new();
    private static int _nextOffset = FirstOffset + Environment.ProcessId * 37 % 200 * 100;

    private readonly ConcurrentQueue<string> _log = new();
    private readonly IReadOnlyList<string> _arguments;
    private readonly IReadOnlyDictionary<string, string> _environment;
    private readonly bool _ownsData;
    private Process? _process;

    private StandaloneProcess(string data, bool ownsData, int portOffset, IReadOnlyDictionary<string, string> environment, IReadOnlyList<string> arguments)
    {
        Data = data;
        _ownsData = ownsData;
        PortOffset = portOffset;
        _environment = environment;
        _arguments = arguments;
    }

    public string Data { get; }

    public int PortOffset { get; }

    public int ProcessId => _process!.Id;

    /// <summary>What <c>--print json</c> said.</summary>
    public JsonElement Printed { get; private set; }

    public string Certificate => Path.Combine(Data, "tls", "certificate.pem");

    public int SmtpPort => 25 + PortOffset;

    public int SubmissionPort => 587 + PortOffset;

    public int SubmissionsPort => 465 + PortOffset;

    public int ImapPort => 143 + PortOffset;

    public int ImapsPort => 993 + PortOffset;

    public int Pop3Port => 110 + PortOffset;

    public int Pop3sPort => 995 + PortOffset;

    public Uri Http => new($"http://127.0.0.1:{80 + PortOffset}");

    /// <summary>Everything the process wrote to standard error: its log.</summary>
    public string Log => string.Join('\n', _log);

    /// <summary>Waits until the log has the text: a line comes through a pipe, later than what the server says on the wire.</summary>
    /// <exception cref="TimeoutException">Half a minute passed without it.</exception>
    public async Task LogsAsync(string text)
    {
        for (var started = Stopwatch.GetTimestamp(); !Log.Contains(text, StringComparison.OrdinalIgnoreCase); await Task.Delay(20))
        {
            if (Stopwatch.GetElapsedTime(started) > TimeSpan.FromSeconds(30)) throw new TimeoutException($"The log does not say '{text}':\n{Log}");
        }
    }

    /// <summary>Address and password of the demo accounts, when this start made them.</summary>
    public IReadOnlyList<(string Address, string Password)> Accounts { get; private set; } = [];

    /// <summary>Starts and waits until it is ready.</summary>
    public static async Task<StandaloneProcess> StartAsync(params string[] arguments) => await StartInAsync(null, arguments);

    /// <param name="data">A data folder that stays after disposal; null makes one that goes.</param>
    public static Task<StandaloneProcess> StartInAsync(string? data, params string[] arguments) => StartInAsync(data, new Dictionary<string, string>(), arguments);

    /// <inheritdoc cref="StartInAsync(string?, string[])"/>
    public static async Task<StandaloneProcess> StartInAsync(string? data, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        for (var attempt = 1; ; attempt++)
        {
            var folder = data ?? Directory.CreateTempSubdirectory("merpati-").FullName;
            var process = new StandaloneProcess(folder, data is null, FreeOffset(), environment, arguments);
            try
            {
                await process.RestartAsync();
                return process;
            }
            catch (InvalidOperationException) when (attempt < 5 && process.Log.Contains("in use", StringComparison.OrdinalIgnoreCase))
            {
                await process.DisposeAsync(); // somebody else took a port between our look and the bind
            }
        }
    }

    /// <summary>Starts the program (again) on the same data and ports.</summary>
    public async Task RestartAsync()
    {
        if (_process is { HasExited: false }) throw new InvalidOperationException("It runs already.");
        _process?.Dispose();
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Merpati.Standalone.dll"));
        foreach (var argument in (string[])["--data", Data, "--port-offset", PortOffset.ToString(System.Globalization.CultureInfo.InvariantCulture), "--print", "json", .. _arguments]) start.ArgumentList.Add(argument);
        foreach (var (name, value) in _environment) start.Environment[name] = value;
        _process = new Process { StartInfo = start };
        _process.ErrorDataReceived += (_, line) => { if (line.Data is not null) _log.Enqueue(line.Data); };
        _process.Start();
        _process.BeginErrorReadLine();
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        string? printed;
        try { printed = await _process.StandardOutput.ReadLineAsync(patience.Token); }
        catch (OperationCanceledException e)
        {
            await KillAsync();
            throw new InvalidOperationException($"Standalone was not ready within five minutes:\n{Log}", e);
        }
        if (printed is null)
        {
            await _process.WaitForExitAsync(CancellationToken.None);
            throw new InvalidOperationException($"Standalone ended with {_process.ExitCode}:\n{Log}");
        }
        Printed = JsonDocument.Parse(printed).RootElement.Clone();
        if (Printed.TryGetProperty("accounts", out var accounts) && Accounts.Count == 0)
        {
            Accounts = [.. accounts.EnumerateArray()
                .Where(account => account.GetProperty("password").ValueKind == JsonValueKind.String)
                .Select(account => (account.GetProperty("address").GetString()!, account.GetProperty("password").GetString()!))];
        }
    }

    /// <summary>SIGKILL: no farewell, no flush.</summary>
    public async Task KillAsync()
    {
        _process!.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGTERM, and the exit code.</summary>
    public async Task<int> StopAsync()
    {
        if (Kill(_process!.Id, 15) != 0) throw new InvalidOperationException("SIGTERM could not be sent.");
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        await _process.WaitForExitAsync(patience.Token);
        return _process.ExitCode;
    }

    /// <summary>Runs the merpati command against this server.</summary>
    public async Task<CommandResult> MerpatiAsync(string? standardInput, params string[] arguments)
        => await Command.RunAsync("dotnet", [Path.Combine(AppContext.BaseDirectory, "merpati.dll"), "--data", Data, .. arguments], standardInput);

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false }) await KillAsync();
        _process?.Dispose();
        if (_ownsData) Directory.Delete(Data, recursive: true);
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int pid, int signal);

    private static int FreeOffset()
    {
        lock (PortLock)
        {
            while (true)
            {
                _nextOffset = _nextOffset > LastOffset ? FirstOffset : _nextOffset + 7;
                if (new[] { 25, 80, 110, 143, 465, 587, 993, 995 }.All(port => IsFree(port + _nextOffset))) return _nextOffset;
            }
        }
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try { socket.Bind(new IPEndPoint(IPAddress.Loopback, port)); return true; }
        catch (SocketException) { return false; }
    }
}
