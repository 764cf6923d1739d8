using System.ComponentModel;
using Merpati.Administration;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Domains;

[Description("Say where mail for unknown users of a domain goes.")]
internal sealed class ChangeCatchAll(ITerminal terminal) : AdminCommand<ChangeCatchAll.Options>(terminal)
{
    protected override async Task RunAsync(AdminClient server, Options options, Printer printer, CancellationToken cancellationToken)
    {
        if (options.None == options.Address is not null) throw new UsageFailure("Give an address, or --none to refuse mail for unknown users.");
        var changed = await server.SendAsync(
            HttpMethod.Put,
            $"domains/{Segment(options.Domain)}/catch-all",
            new CatchAllChange(options.Address),
            AdministrationJson.Default.CatchAllChange,
            AdministrationJson.Default.DomainView,
            cancellationToken);
        printer.Print(changed, () => printer.Line(changed.CatchAll is null
            ? $"Mail for unknown users of {changed.Name} is refused."
            : $"Mail for unknown users of {changed.Name} goes to {changed.CatchAll}."));
    }

    internal sealed class Options : DomainOptions
    {
        [CommandArgument(1, "[ADDRESS]")]
        [Description("An address of a domain that is served here.")]
        public string? Address { get; init; }

        [CommandOption("--none")]
        [Description("Refuse mail for unknown users.")]
        public bool None { get; init; }
    }
}
