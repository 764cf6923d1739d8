using System.Diagnostics;
using Spectre.Console;
using Spectre.Console.Cli;

namespace Merpati.Local.Commands;

/// <summary><c>up</c>: starts everything in the background and returns when it is ready.</summary>
internal sealed class Up(IAnsiConsole console) : AsyncCommand
{
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(200);

    public override async Task<int> ExecuteAsync(CommandContext context, CancellationToken cancellationToken)
    {
        if (LocalState.Read() is { } running)
        {
            StatusTable.Print(console, running);
            return 0;
        }
        var log = Path.Combine(LocalFolders.Up, "logs", "local.log");
        Directory.CreateDirectory(Path.GetDirectoryName(log)!);
        // A session of its own: Ctrl-C here, or closing the terminal, is not meant for it.
        var start = new ProcessStartInfo("setsid") { UseShellExecute = false };
        foreach (var argument in (string[])["/bin/sh", "-c", """log=$1; shift; exec "$@" >>"$log" 2>&1 </dev/null""", "sh", log, Environment.ProcessPath!, .. OwnAssembly(), "serve"]) start.ArgumentList.Add(argument);
        using var server = Process.Start(start)!;
        console.WriteLine($"Starting; what is missing is fetched first, which takes a minute or two. Log: {log}");
        while (LocalState.Read() is null)
        {
            if (server.HasExited) throw new MissingPartException($"It ended while starting:\n{string.Join('\n', (await File.ReadAllLinesAsync(log, cancellationToken)).TakeLast(10))}");
            await Task.Delay(Between, cancellationToken);
        }
        StatusTable.Print(console, LocalState.Read()!);
        return 0;
    }

    /// <summary>Under <c>dotnet Merpati.Local.dll</c> the process is dotnet, and the program its first argument.</summary>
    private static string[] OwnAssembly()
        => Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [Path.Combine(AppContext.BaseDirectory, "Merpati.Local.dll")] : [];
}
