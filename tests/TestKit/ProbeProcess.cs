using System.Diagnostics;

namespace Merpati.TestKit;

/// <summary><c>merpati probe</c> that goes on until it is stopped, with its metrics on a port.</summary>
public sealed class ProbeProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Task<string> _output;

    private ProbeProcess(Process process, int port)
    {
        _process = process;
        _output = process.StandardOutput.ReadToEndAsync();
        Metrics = new Uri($"http://localhost:{port}/metrics");
    }

    public Uri Metrics { get; }

    public bool HasEnded => _process.HasExited;

    /// <summary>The program and its options, for the ports of a server; the password goes into a file.</summary>
    /// <param name="pop3">Whether messages are read over POP3 too.</param>
    /// <param name="more">Wins over what is usual.</param>
    public static List<string> Arguments(IMailServer server, (string Address, string Password) account, string folder, bool pop3, params string[] more)
    {
        var passwordFile = Path.Combine(folder, $"password-{Guid.NewGuid():N}");
        File.WriteAllText(passwordFile, account.Password + "\n");
        var arguments = new List<string> { Path.Combine(AppContext.BaseDirectory, "merpati.dll"), "probe", "--account", account.Address, "--password-file", passwordFile };
        foreach (var (name, value) in ((string, string)[])[("--submission", $"localhost:{server.SubmissionsPort}"), ("--imap", $"localhost:{server.ImapsPort}"), ("--pop3", $"localhost:{server.Pop3sPort}"), ("--authorities", server.Certificate), ("--timeout", "00:00:30")])
        {
            if (!more.Contains(name) && (pop3 || name != "--pop3")) arguments.AddRange([name, value]);
        }
        return [.. arguments, .. more];
    }

    /// <summary>Starts it, and does not wait until it is there.</summary>
    public static ProbeProcess Start(IMailServer server, (string Address, string Password) account, string folder, int port, bool pop3, params string[] more)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, UseShellExecute = false };
        foreach (var argument in Arguments(server, account, folder, pop3, [.. more, "--metrics", $"{port}"])) start.ArgumentList.Add(argument);
        return new ProbeProcess(Process.Start(start) ?? throw new InvalidOperationException("merpati probe does not start."), port);
    }

    /// <summary>SIGTERM, and waits for its end.</summary>
    /// <returns>The exit code, and all that it printed.</returns>
    public async Task<(int ExitCode, string Output)> StopAsync(CancellationToken cancellationToken)
    {
        await Command.RunAsync("kill", ["-TERM", $"{_process.Id}"]);
        await _process.WaitForExitAsync(cancellationToken);
        return (_process.ExitCode, await _output);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
