using System.ComponentModel;
using Merpati.Administration;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Aliases;

[Description("Remove an alias.")]
internal sealed class RemoveAlias(ITerminal terminal) : AdminCommand<RemoveAlias.Options>(terminal)
{
    protected override async Task RunAsync(AdminClient server, Options options, Printer printer, CancellationToken cancellationToken)
    {
        await server.DeleteAsync($"aliases/{Segment(options.Alias)}", cancellationToken);
        printer.Print(new Removed(options.Alias), () => printer.Line($"The alias {options.Alias} is gone."));
    }

    internal sealed class Options : GlobalOptions
    {
        [CommandArgument(0, "<ALIAS>")]
        [Description("The alias's address.")]
        public required string Alias { get; init; }
    }
}
