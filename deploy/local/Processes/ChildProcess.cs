using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Merpati.Local.Processes;

/// <summary>
/// A server of ours in a process of its own that does not outlive us, not even when we are killed: the kernel sends it SIGKILL when the thread that
/// started it ends (PR_SET_PDEATHSIG), so one thread that lives as long as this process starts them all.
/// </summary>
internal sealed class ChildProcess : IDisposable
{
    private const int SigInt = 2;
    private const int SigTerm = 15;
    private const int SigContinue = 18;
    private const int SigStop = 19;

    private static readonly BlockingCollection<Action> Starts = [];

    private readonly Process _process;

    static ChildProcess() => new Thread(() => { foreach (var start in Starts.GetConsumingEnumerable()) start(); }) { IsBackground = true, Name = "child processes" }.Start();

    private ChildProcess(Process process) => _process = process;

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>Runs <paramref name="command"/>, whose last part must be an exec of the server itself; its output is added to the log.</summary>
    public static Task<ChildProcess> StartAsync(IEnumerable<string> command, string log, IReadOnlyDictionary<string, string>? environment = null)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(log)!);
        var start = new ProcessStartInfo("/bin/sh") { UseShellExecute = false, RedirectStandardInput = true, WorkingDirectory = "/" };
        foreach (var argument in (string[])["-c", """log=$1; shift; exec "$@" >>"$log" 2>&1 </dev/null""", "sh", log, .. command]) start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        var started = new TaskCompletionSource<ChildProcess>(TaskCreationOptions.RunContinuationsAsynchronously);
        Starts.Add(() =>
        {
            try { started.SetResult(new ChildProcess(Process.Start(start)!)); }
            catch (Exception e) { started.SetException(e); }
        });
        return started.Task;
    }

    /// <summary>What goes before a command so that the kernel ends it with us. Changing the user clears it, so it comes after that.</summary>
    public static string[] DieWithParent => ["setpriv", "--pdeathsig", "KILL", "--"];

    public Task InterruptAsync() => SignalAsync(SigInt);

    public Task TerminateAsync() => SignalAsync(SigTerm);

    /// <summary>SIGKILL, to this process alone.</summary>
    public async Task KillAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGSTOP.</summary>
    public void Pause() => Send(SigStop);

    /// <summary>SIGCONT.</summary>
    public void Continue() => Send(SigContinue);

    public Task WaitForExitAsync(CancellationToken cancellationToken) => _process.WaitForExitAsync(cancellationToken);

    public void Dispose() => _process.Dispose();

    private void Send(int signal)
    {
        if (Kill(_process.Id, signal) != 0) throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"Signal {signal} could not be sent to process {_process.Id}."));
    }

    private async Task SignalAsync(int signal)
    {
        if (_process.HasExited) return;
        _ = Kill(_process.Id, signal); // it may just have ended, which is what is wanted
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        try { await _process.WaitForExitAsync(patience.Token); }
        catch (OperationCanceledException e) { throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"Process {_process.Id} did not end within a minute of signal {signal}."), e); }
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int pid, int signal);
}
