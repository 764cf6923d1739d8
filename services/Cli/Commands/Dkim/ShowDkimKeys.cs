using System.ComponentModel;
using Merpati.Administration;
using Merpati.Cli.Commands.Domains;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Dkim;

[Description("Print the DNS records of a domain's keys.")]
internal sealed class ShowDkimKeys(ITerminal terminal) : AdminCommand<ShowDkimKeys.Options>(terminal)
{
    protected override async Task RunAsync(AdminClient server, Options options, Printer printer, CancellationToken cancellationToken)
    {
        var all = await server.GetAsync("dkim" + Query(("domain", options.Domain)), AdministrationJson.Default.IReadOnlyListDkimKeyView, cancellationToken);
        IReadOnlyList<DkimKeyView> keys = [.. all.Where(key => options.Selector is null || key.Selector.Equals(options.Selector, StringComparison.OrdinalIgnoreCase))];
        if (keys.Count == 0) throw new NotFoundFailure(options.Selector is null ? $"The domain {options.Domain} has no keys." : $"The domain {options.Domain} has no key of the selector {options.Selector}.");
        printer.Print(keys, () =>
        {
            foreach (var key in keys)
            {
                printer.Line($"; {key.Algorithm}, {key.State} since {DkimKeyPrinting.Row(key.ChangedAt)}");
                printer.Line(key.ZoneLine());
            }
        });
    }

    internal sealed class Options : DomainOptions
    {
        [CommandArgument(1, "[SELECTOR]")]
        [Description("Only this key.")]
        public string? Selector { get; init; }
    }
}
