using System.ComponentModel;
using Merpati.Administration;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Dkim;

[Description("List the keys of a domain, or of all.")]
internal sealed class ListDkimKeys(ITerminal terminal) : AdminCommand<ListDkimKeys.Options>(terminal)
{
    protected override async Task RunAsync(AdminClient server, Options options, Printer printer, CancellationToken cancellationToken)
    {
        var keys = await server.GetAsync("dkim" + Query(("domain", options.Domain)), AdministrationJson.Default.IReadOnlyListDkimKeyView, cancellationToken);
        printer.Print(keys, () => printer.Table(
            ["DOMAIN", "SELECTOR", "ALGORITHM", "STATE", "SINCE"],
            [.. keys.Select(key => (string[])[key.Domain, key.Selector, key.Algorithm, key.State, DkimKeyPrinting.Row(key.ChangedAt)])]));
    }

    internal sealed class Options : GlobalOptions
    {
        [CommandArgument(0, "[DOMAIN]")]
        [Description("Only keys of this domain.")]
        public string? Domain { get; init; }
    }
}
