using Spectre.Console;
using Spectre.Console.Cli;

namespace Merpati.Local.Commands;

/// <summary><c>status</c>: what runs and where; the exit code is 1 when nothing does.</summary>
internal sealed class Status(IAnsiConsole console) : Command
{
    public override int Execute(CommandContext context, CancellationToken cancellationToken)
    {
        if (LocalState.Read() is not { } state)
        {
            console.WriteLine("Nothing runs.");
            return 1;
        }
        StatusTable.Print(console, state);
        return 0;
    }
}
