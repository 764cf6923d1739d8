using System.ComponentModel;
using Merpati.Administration;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Domains;

[Description("Serve a domain.")]
internal sealed class AddDomain(ITerminal terminal) : AdminCommand<AddDomain.Options>(terminal)
{
    protected override async Task RunAsync(AdminClient server, Options options, Printer printer, CancellationToken cancellationToken)
    {
        var added = await server.SendAsync(HttpMethod.Post, "domains", new NewDomain(options.Domain, options.CatchAll), AdministrationJson.Default.NewDomain, AdministrationJson.Default.DomainView, cancellationToken);
        printer.Print(added, () => printer.Line($"The domain {added.Name} is served now."));
    }

    internal sealed class Options : DomainOptions
    {
        [CommandOption("--catch-all <ADDRESS>")]
        [Description("Where mail for unknown users goes; without it, it is refused.")]
        public string? CatchAll { get; init; }
    }
}
