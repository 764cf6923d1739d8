using System.ComponentModel;
using Merpati.Administration;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;

namespace Merpati.Cli.Commands.Domains;

[Description("Stop serving a domain that has no accounts and aliases any more.")]
internal sealed class RemoveDomain(ITerminal terminal) : AdminCommand<DomainOptions>(terminal)
{
    protected override async Task RunAsync(AdminClient server, DomainOptions options, Printer printer, CancellationToken cancellationToken)
    {
        await server.DeleteAsync($"domains/{Segment(options.Domain)}", cancellationToken);
        printer.Print(new Removed(options.Domain), () => printer.Line($"The domain {options.Domain} is not served any more."));
    }
}
