using Merpati.Local.Broker;
using Merpati.Local.DocumentDb;
using Spectre.Console;
using Spectre.Console.Cli;

namespace Merpati.Local.Commands;

/// <summary><c>provision</c>: brings what is missing; does nothing when all is there.</summary>
internal sealed class Provision(IAnsiConsole console) : AsyncCommand
{
    public override async Task<int> ExecuteAsync(CommandContext context, CancellationToken cancellationToken)
    {
        await RabbitBroker.ProvisionAsync(console.WriteLine, cancellationToken);
        await EngineTree.ProvisionAsync(console.WriteLine, cancellationToken);
        return 0;
    }
}
