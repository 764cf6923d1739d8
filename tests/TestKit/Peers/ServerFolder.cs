using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Merpati.TestKit.Peers;

/// <summary>
/// A folder of its own for servers of the system, with their configuration and data, and the processes that run on it. They start as root, are ended by their ids, and the folder goes with them.
/// </summary>
public sealed class ServerFolder : IAsyncDisposable
{
    private readonly List<Process> _processes = [];
    private readonly ConcurrentQueue<string> _said = new();

    public ServerFolder(string prefix)
    {
        Path = Directory.CreateTempSubdirectory(prefix).FullName;
        File.SetUnixFileMode(Path, (UnixFileMode)0b111_101_101);
    }

    public string Path { get; }

    public IReadOnlyList<int> Processes => [.. _processes.Select(process => process.Id)];

    public void Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        process.ErrorDataReceived += (_, line) => { if (line.Data is not null) _said.Enqueue($"{program}: {line.Data}"); };
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        _processes.Add(process);
    }

    /// <summary>Waits until the one started last listens.</summary>
    /// <param name="tries">Ten a second; more for who takes long to begin.</param>
    public async Task ListeningAsync(IPEndPoint endPoint, CancellationToken cancellationToken, int tries = 100)
    {
        if (await IsListeningAsync(endPoint, _processes[^1], cancellationToken, tries)) return;
        var logs = Directory.EnumerateFiles(Path, "*.log").Select(log => string.Create(CultureInfo.InvariantCulture, $"{log}:\n{File.ReadAllText(log)}"));
        throw new InvalidOperationException($"{_processes[^1].StartInfo.FileName} does not listen on {endPoint}.\n{string.Join('\n', logs.Concat(_said))}");
    }

    /// <summary>Waits for it; false when the process ended instead, or took too long.</summary>
    public static async Task<bool> IsListeningAsync(IPEndPoint endPoint, Process process, CancellationToken cancellationToken, int tries = 100)
    {
        for (var attempt = 0; attempt < tries; attempt++)
        {
            using var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(endPoint, cancellationToken);
                return true;
            }
            catch (SocketException)
            {
                if (process.HasExited) return false;
                await Task.Delay(100, cancellationToken);
            }
        }
        return false;
    }

    /// <returns>What it wrote.</returns>
    public static async Task<string> CheckedAsync(string program, params IEnumerable<string> arguments)
    {
        var result = await Command.RunAsync(program, arguments);
        return result.ExitCode == 0 ? result.Output : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {result}");
    }

    /// <returns>The path of the file.</returns>
    public async Task<string> WriteAsync(string name, string text)
    {
        var path = System.IO.Path.Combine(Path, name);
        await File.WriteAllTextAsync(path, text.ReplaceLineEndings("\n") + "\n");
        return path;
    }

    /// <summary>A folder below that everybody may write to.</summary>
    public string Shared(string name)
    {
        var folder = Directory.CreateDirectory(System.IO.Path.Combine(Path, name)).FullName;
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_111_111);
        return folder;
    }

    /// <summary>A port that nobody has at the address, which is 127.0.0.1 if none is given.</summary>
    public static IPEndPoint FreeEndPoint(IPAddress? address = null)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(address ?? IPAddress.Loopback, 0));
        return (IPEndPoint)socket.LocalEndPoint!;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in Enumerable.Reverse(_processes))
        {
            // SIGTERM: masters end their children themselves.
            if (!process.HasExited) await Command.RunAsync("kill", [process.Id.ToString(CultureInfo.InvariantCulture)]);
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            try { await process.WaitForExitAsync(patience.Token); }
            catch (OperationCanceledException) { process.Kill(entireProcessTree: true); }
            process.Dispose();
        }
        for (var attempt = 1; Directory.Exists(Path); attempt++)
        {
            try { Directory.Delete(Path, recursive: true); }
            catch (IOException) when (attempt < 20) { await Task.Delay(250); } // the last children still leave
        }
    }
}
