using System.ComponentModel;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;

namespace Merpati.Cli.Commands.Stores;

/// <summary>Makes the search index of a running Standalone anew.</summary>
[Description("Makes the search index anew, in the background; searches stay right and are slower until it is done (Standalone).")]
internal sealed class RebuildIndex(ITerminal terminal) : AdminCommand<GlobalOptions>(terminal)
{
    protected override async Task RunAsync(AdminClient server, GlobalOptions options, Printer printer, CancellationToken cancellationToken)
    {
        server.WaitForever();
        await server.DeleteAsync("stores/index", cancellationToken);
        printer.Line("Every message waits for the index now; the metric merpati.search.index.waiting tells how many still do.");
    }
}
