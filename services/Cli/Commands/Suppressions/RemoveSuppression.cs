using System.ComponentModel;
using Merpati.Administration;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Suppressions;

[Description("Let mail go to an address or a domain again.")]
internal sealed class RemoveSuppression(ITerminal terminal) : AdminCommand<RemoveSuppression.Options>(terminal)
{
    protected override async Task RunAsync(AdminClient server, Options options, Printer printer, CancellationToken cancellationToken)
    {
        await server.DeleteAsync($"suppressions/{Segment(options.Pattern)}", cancellationToken);
        printer.Print(new Removed(options.Pattern), () => printer.Line($"Mail may go to {options.Pattern} again."));
    }

    internal sealed class Options : GlobalOptions
    {
        [CommandArgument(0, "<ADDRESS-OR-DOMAIN>")]
        [Description("As it stands in the list.")]
        public required string Pattern { get; init; }
    }
}
