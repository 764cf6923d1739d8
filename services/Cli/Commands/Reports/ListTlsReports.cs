using System.ComponentModel;
using System.Globalization;
using Merpati.Administration;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;

namespace Merpati.Cli.Commands.Reports;

[Description("What the TLS reports of others say about their sessions with our hosts (RFC 8460): by policy, what went well and what failed.")]
internal sealed class ListTlsReports(ITerminal terminal) : AdminCommand<ReportFilterOptions>(terminal)
{
    protected override async Task RunAsync(AdminClient server, ReportFilterOptions options, Printer printer, CancellationToken cancellationToken)
    {
        var found = await server.GetAsync("tls/reports" + Query(("domain", options.Domain), ("since", options.From())), AdministrationJson.Default.TlsReportsView, cancellationToken);
        printer.Print(found, () =>
        {
            printer.Table(
                ["DOMAIN", "POLICY", "SUCCEEDED", "FAILED", "FAILURES", "TOLD BY"],
                [.. found.Policies.Select(one => (string[])[one.Domain, one.Policy, one.Succeeded.ToString(CultureInfo.InvariantCulture), one.Failed.ToString(CultureInfo.InvariantCulture), string.Join(", ", one.Failures), string.Join(", ", one.Reporters)])]);
            printer.Line(ReportFilterOptions.Told(found.Reports, found.Since, found.Unverified, found.Cut, "policies"));
        });
    }
}
