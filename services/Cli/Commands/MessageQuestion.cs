using System.ComponentModel;
using System.Globalization;
using Merpati.Administration;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands;

/// <summary>A question about messages by queue id, Message-ID or address, answered by what the timeline knows of each.</summary>
internal abstract class MessageQuestion<TOptions>(ITerminal terminal) : AdminCommand<TOptions>(terminal)
    where TOptions : MessageOptions
{
    protected abstract void Print(TraceView trace, Printer printer);

    protected sealed override async Task RunAsync(AdminClient server, TOptions options, Printer printer, CancellationToken cancellationToken)
    {
        var query = Query(("of", options.Of), ("limit", options.Limit.ToString(CultureInfo.InvariantCulture)));
        var traces = await server.GetAsync("trace" + query, AdministrationJson.Default.IReadOnlyListTraceView, cancellationToken);
        printer.Print(traces, () =>
        {
            for (var i = 0; i < traces.Count; i++)
            {
                if (i > 0) printer.Line();
                printer.Line($"{traces[i].QueueId}  {traces[i].MessageId ?? "without Message-ID"}");
                Print(traces[i], printer);
            }
        });
    }
}

internal abstract class MessageOptions : GlobalOptions
{
    [CommandArgument(0, "<MESSAGE>")]
    [Description("A Message-ID, a queue id, or the address of a sender or recipient.")]
    public required string Of { get; init; }

    public abstract int Limit { get; init; }
}
