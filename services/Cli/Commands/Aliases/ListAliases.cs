using System.ComponentModel;
using Merpati.Administration;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Aliases;

[Description("List aliases.")]
internal sealed class ListAliases(ITerminal terminal) : AdminCommand<ListAliases.Options>(terminal)
{
    protected override async Task RunAsync(AdminClient server, Options options, Printer printer, CancellationToken cancellationToken)
    {
        var aliases = await server.GetAsync("aliases" + Query(("domain", options.Domain)), AdministrationJson.Default.IReadOnlyListAliasView, cancellationToken);
        printer.Print(aliases, () => printer.Table(["ALIAS", "TARGETS"], [.. aliases.Select(alias => (string[])[alias.Address, string.Join(", ", alias.Targets)])]));
    }

    internal sealed class Options : GlobalOptions
    {
        [CommandOption("--domain <DOMAIN>")]
        [Description("Only aliases of this domain.")]
        public string? Domain { get; init; }
    }
}
