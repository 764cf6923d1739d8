using System.ComponentModel;
using Merpati.Administration;
using Merpati.Cli.Terminal;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands;

[Description("Show the way of a message: accepted, tried, delivered, read.")]
internal sealed class Trace(ITerminal terminal) : MessageQuestion<Trace.Options>(terminal)
{
    protected override void Print(TraceView trace, Printer printer)
    {
        if (trace.AcceptedAt is { } accepted)
        {
            printer.Line($"From {trace.Sender} to {string.Join(", ", trace.Recipients)}, {Octets.Format(trace.Size)}, by {trace.ClientAddress ?? "this server"} at {When.Format(accepted)}");
        }
        printer.Table(["TIME", "STEP", "RECIPIENT", "DETAIL"], [.. trace.Steps.Select(step => (string[])[When.FormatExactly(step.At), step.Step, step.Recipient ?? "", step.Detail])]);
    }

    internal sealed class Options : MessageOptions
    {
        [CommandOption("--limit <COUNT>")]
        [Description("Most messages to show, the newest first.")]
        [DefaultValue(20)]
        public override int Limit { get; init; }
    }
}
