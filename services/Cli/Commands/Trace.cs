using System.ComponentModel;
using System.Globalization;
using Merpati.Administration;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands;

[Description("Show the way of a message: accepted, tried, delivered, read.")]
internal sealed class Trace(ITerminal terminal) : AdminCommand<Trace.Options>(terminal)
{
    protected override async Task RunAsync(AdminClient server, Options options, Printer printer, CancellationToken cancellationToken)
    {
        var query = Query(("of", options.Of), ("limit", options.Limit.ToString(CultureInfo.InvariantCulture)));
        var traces = await server.GetAsync("trace" + query, AdministrationJson.Default.IReadOnlyListTraceView, cancellationToken);
        printer.Print(traces, () =>
        {
            for (var i = 0; i < traces.Count; i++)
            {
                if (i > 0) printer.Line();
                Print(traces[i], printer);
            }
        });
    }

    private static void Print(TraceView trace, Printer printer)
    {
        printer.Line($"{trace.QueueId}  {trace.MessageId ?? "without Message-ID"}");
        if (trace.AcceptedAt is { } accepted)
        {
            printer.Line($"From {trace.Sender} to {string.Join(", ", trace.Recipients)}, {Octets.Format(trace.Size)}, by {trace.ClientAddress ?? "this server"} at {When.Format(accepted)}");
        }
        printer.Table(["TIME", "STEP", "RECIPIENT", "DETAIL"], [.. trace.Steps.Select(step => (string[])[When.FormatExactly(step.At), step.Step, step.Recipient ?? "", step.Detail])]);
    }

    internal sealed class Options : GlobalOptions
    {
        [CommandArgument(0, "<MESSAGE>")]
        [Description("A Message-ID, a queue id, or the address of a sender or recipient.")]
        public required string Of { get; init; }

        [CommandOption("--limit <COUNT>")]
        [Description("Most messages to show, the newest first.")]
        [DefaultValue(20)]
        public int Limit { get; init; }
    }
}
