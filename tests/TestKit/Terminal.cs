using System.Diagnostics;
using System.Text;

namespace Merpati.TestKit;

/// <summary>A program on a terminal of its own (script of util-linux), for clients that have no other way in: what is typed, and what it wrote.</summary>
public sealed class Terminal : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _screen = new();
    private readonly Task _reading;

    private Terminal(Process process)
    {
        _process = process;
        _reading = Task.Run(ReadAsync);
    }

    /// <summary>All that was written so far, control sequences and all.</summary>
    public string Written
    {
        get { lock (_screen) return _screen.ToString(); }
    }

    /// <param name="command">Read by a shell.</param>
    public static Terminal Start(string command, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo("script") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var argument in (string[])["-qfec", "stty rows 40 cols 120; exec " + command, "/dev/null"]) start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment) start.Environment[name] = value;
        start.Environment["TERM"] = "xterm";
        return new Terminal(Process.Start(start) ?? throw new InvalidOperationException("script did not start."));
    }

    public async Task TypeAsync(string keys)
    {
        await _process.StandardInput.WriteAsync(keys);
        await _process.StandardInput.FlushAsync();
    }

    /// <summary>Waits until something holds that the program is to bring about.</summary>
    /// <exception cref="TimeoutException">A minute passed, or the program ended.</exception>
    public async Task UntilAsync(Func<Task<bool>> holds, string what)
    {
        for (var started = Stopwatch.GetTimestamp(); !await holds(); await Task.Delay(50))
        {
            if (Stopwatch.GetElapsedTime(started) > TimeSpan.FromMinutes(1) || _process.HasExited) throw new TimeoutException($"It did not come to '{what}':\n{Written}");
        }
    }

    /// <summary>Waits until the program has written the text.</summary>
    public Task ShowsAsync(string text) => UntilAsync(() => Task.FromResult(Written.Contains(text, StringComparison.Ordinal)), text);

    /// <summary>Waits for its end.</summary>
    /// <exception cref="TimeoutException">A minute passed.</exception>
    public async Task<int> EndAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        try { await _process.WaitForExitAsync(patience.Token); }
        catch (OperationCanceledException e) { throw new TimeoutException($"It did not end:\n{Written}", e); }
        await _reading;
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private async Task ReadAsync()
    {
        var buffer = new char[4096];
        while (await _process.StandardOutput.ReadAsync(buffer) is > 0 and var read)
        {
            lock (_screen) _screen.Append(buffer, 0, read);
        }
    }
}
