using System.ComponentModel;
using System.Globalization;
using Merpati.Administration;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Reports;

[Description("What the DMARC reports of others say about mail of our domains: by source, what passes and what fails.")]
internal sealed class ListDmarcReports(ITerminal terminal) : AdminCommand<ReportFilterOptions>(terminal)
{
    protected override async Task RunAsync(AdminClient server, ReportFilterOptions options, Printer printer, CancellationToken cancellationToken)
    {
        var found = await server.GetAsync("dmarc/reports" + Query(("domain", options.Domain), ("since", options.From())), AdministrationJson.Default.DmarcReportsView, cancellationToken);
        printer.Print(found, () =>
        {
            printer.Table(
                ["DOMAIN", "SOURCE", "PASSED", "FAILED", "REFUSED", "RESULTS", "TOLD BY"],
                [.. found.Sources.Select(one => (string[])[one.Domain, one.Source, Number(one.Passed), Number(one.Failed), Number(one.Refused), string.Join(", ", one.Results), string.Join(", ", one.Reporters)])]);
            printer.Line(ReportFilterOptions.Told(found.Reports, found.Since, found.Unverified, found.Cut, "sources"));
        });
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
