using System.ComponentModel;
using Merpati.Administration;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;

namespace Merpati.Cli.Commands.Domains;

[Description("List the domains that are served.")]
internal sealed class ListDomains(ITerminal terminal) : AdminCommand<GlobalOptions>(terminal)
{
    protected override async Task RunAsync(AdminClient server, GlobalOptions options, Printer printer, CancellationToken cancellationToken)
    {
        var domains = await server.GetAsync("domains", AdministrationJson.Default.IReadOnlyListDomainView, cancellationToken);
        printer.Print(domains, () => printer.Table(["DOMAIN", "CATCH-ALL"], [.. domains.Select(domain => (string[])[domain.Name, domain.CatchAll ?? "-"])]));
    }
}
