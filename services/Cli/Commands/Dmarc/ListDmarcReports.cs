using System.ComponentModel;
using System.Globalization;
using Merpati.Administration;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Dmarc;

[Description("What the DMARC reports of others say about mail of our domains: by source, what passes and what fails.")]
internal sealed class ListDmarcReports(ITerminal terminal) : AdminCommand<ListDmarcReports.Options>(terminal)
{
    protected override async Task RunAsync(AdminClient server, Options options, Printer printer, CancellationToken cancellationToken)
    {
        string? since = null;
        if (options.Since is { } given)
        {
            if (!Age.TryParse(given, out var age)) throw new UsageFailure($"'{given}' is no time; write 7d or 24h.");
            since = (TimeProvider.System.GetUtcNow() - age).ToString("O", CultureInfo.InvariantCulture);
        }
        var found = await server.GetAsync("dmarc/reports" + Query(("domain", options.Domain), ("since", since)), AdministrationJson.Default.DmarcReportsView, cancellationToken);
        printer.Print(found, () =>
        {
            printer.Table(
                ["DOMAIN", "SOURCE", "PASSED", "FAILED", "REFUSED", "RESULTS", "TOLD BY"],
                [.. found.Sources.Select(one => (string[])[one.Domain, one.Source, Number(one.Passed), Number(one.Failed), Number(one.Refused), string.Join(", ", one.Results), string.Join(", ", one.Reporters)])]);
            printer.Line(string.Create(CultureInfo.InvariantCulture, $"{found.Reports} reports since {When.Format(found.Since)}{(found.Unverified > 0 ? $", {found.Unverified} of them not proven to be of whom they say" : "")}{(found.Cut ? "; there are more sources than are listed" : "")}."));
        });
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    internal sealed class Options : GlobalOptions
    {
        [CommandOption("--domain <NAME>")]
        [Description("The domain whose policy the reports are about.")]
        public string? Domain { get; init; }

        [CommandOption("--since <AGE>")]
        [Description("Reports that came within this time, such as 30d; a week without it.")]
        public string? Since { get; init; }
    }
}
