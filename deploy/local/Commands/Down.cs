using System.Diagnostics;
using Merpati.Local.Processes;
using Spectre.Console;
using Spectre.Console.Cli;

namespace Merpati.Local.Commands;

/// <summary><c>down</c>: ends everything in order; data and logs stay.</summary>
internal sealed class Down(IAnsiConsole console) : AsyncCommand
{
    public override async Task<int> ExecuteAsync(CommandContext context, CancellationToken cancellationToken)
    {
        if (LocalState.Read() is not { } state)
        {
            console.WriteLine("Nothing runs.");
            return 0;
        }
        using var server = Process.GetProcessById(state.ProcessId);
        await Tool.RunAsync("kill", ["-TERM", $"{state.ProcessId}"], cancellationToken);
        await server.WaitForExitAsync(cancellationToken);
        return 0;
    }
}
