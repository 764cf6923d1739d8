using System.ComponentModel;
using System.Globalization;
using Merpati.Administration;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Suppressions;

[Description("List the addresses and domains that are sent no mail.")]
internal sealed class ListSuppressions(ITerminal terminal) : AdminCommand<ListSuppressions.Options>(terminal)
{
    protected override async Task RunAsync(AdminClient server, Options options, Printer printer, CancellationToken cancellationToken)
    {
        var query = Query(("contains", options.Contains), ("after", options.After), ("limit", options.Limit.ToString(CultureInfo.InvariantCulture)));
        var found = await server.GetAsync("suppressions" + query, AdministrationJson.Default.IReadOnlyListSuppressionView, cancellationToken);
        printer.Print(found, () => printer.Table(
            ["ADDRESS OR DOMAIN", "BY", "SINCE", "UNTIL", "REASON"],
            [.. found.Select(one => (string[])[one.Pattern, one.Source, When.Format(one.Since), one.Until is { } until ? When.Format(until) : "", one.Reason])]));
    }

    internal sealed class Options : GlobalOptions
    {
        [CommandOption("--contains <TEXT>")]
        [Description("Those that contain this.")]
        public string? Contains { get; init; }

        [CommandOption("--after <PATTERN>")]
        [Description("Go on after this one.")]
        public string? After { get; init; }

        [CommandOption("--limit <COUNT>")]
        [Description("Most to list.")]
        [DefaultValue(100)]
        public int Limit { get; init; }
    }
}
