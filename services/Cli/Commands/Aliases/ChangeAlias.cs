using System.ComponentModel;
using Merpati.Administration;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;

namespace Merpati.Cli.Commands.Aliases;

[Description("Replace the targets of an alias.")]
internal sealed class ChangeAlias(ITerminal terminal) : AdminCommand<AliasOptions>(terminal)
{
    protected override async Task RunAsync(AdminClient server, AliasOptions options, Printer printer, CancellationToken cancellationToken)
        => printer.PrintAlias(await server.SendAsync(
            HttpMethod.Put,
            $"aliases/{Segment(options.Alias)}",
            new AliasTargets(options.AllTargets),
            AdministrationJson.Default.AliasTargets,
            AdministrationJson.Default.AliasView,
            cancellationToken));
}
