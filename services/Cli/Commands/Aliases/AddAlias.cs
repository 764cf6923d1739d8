using System.ComponentModel;
using Merpati.Administration;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;

namespace Merpati.Cli.Commands.Aliases;

[Description("Add an alias: an address that stands for one or more others.")]
internal sealed class AddAlias(ITerminal terminal) : AdminCommand<AliasOptions>(terminal)
{
    protected override async Task RunAsync(AdminClient server, AliasOptions options, Printer printer, CancellationToken cancellationToken)
        => printer.PrintAlias(await server.SendAsync(
            HttpMethod.Post,
            "aliases",
            new AliasView(options.Alias, options.AllTargets),
            AdministrationJson.Default.AliasView,
            AdministrationJson.Default.AliasView,
            cancellationToken));
}
