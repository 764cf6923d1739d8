using System.ComponentModel;
using System.Globalization;
using Merpati.Administration;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;

namespace Merpati.Cli.Commands.Queue;

[Description("Count what waits, and show the ledger of all that was ever accepted.")]
internal sealed class ShowQueueStatus(ITerminal terminal) : AdminCommand<GlobalOptions>(terminal)
{
    protected override async Task RunAsync(AdminClient server, GlobalOptions options, Printer printer, CancellationToken cancellationToken)
    {
        var status = await server.GetAsync("queue/status", AdministrationJson.Default.QueueStatus, cancellationToken);
        printer.Print(status, () =>
        {
            if (status.Counts.Count == 0) printer.Line("Nothing waits.");
            else printer.Table(["ROUTE", "STATE", "DOMAIN", "RECIPIENTS"], [.. status.Counts.Select(count => (string[])[count.Route, count.State, count.Domain, Number(count.Recipients)])]);
            printer.Line();
            printer.Table(["LEDGER", "RECIPIENTS"],
            [
                ["accepted", Number(status.Ledger.Accepted)],
                .. status.Ledger.Closed.Where(closed => closed.Value > 0).Select(closed => (string[])[closed.Key, Number(closed.Value)]),
                ["open", Number(status.Ledger.Open)],
                ["unaccounted", Number(status.Ledger.Unaccounted)],
            ]);
        });
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
