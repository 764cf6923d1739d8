using System.ComponentModel;
using System.Globalization;
using Merpati.Administration;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Queue;

[Description("Show an entry with the state of each recipient.")]
internal sealed class ShowQueueEntry(ITerminal terminal) : AdminCommand<ShowQueueEntry.Options>(terminal)
{
    protected override async Task RunAsync(AdminClient server, Options options, Printer printer, CancellationToken cancellationToken)
    {
        var entry = await server.GetAsync($"queue/{Segment(options.Id)}", AdministrationJson.Default.QueueEntryView, cancellationToken);
        printer.Print(entry, () =>
        {
            printer.Line(string.Create(CultureInfo.InvariantCulture, $"{entry.Id}  {entry.Route}, from {entry.Sender}, {Octets.Format(entry.Size)}"));
            printer.Line(string.Create(CultureInfo.InvariantCulture, $"Accepted {When.Format(entry.AcceptedAt)}, {entry.Attempts} tries, next {When.Format(entry.NextAttemptAt)}"));
            printer.Table(["RECIPIENT", "STATE", "DETAIL"], [.. entry.Recipients.Select(recipient => (string[])[recipient.Address, recipient.State, recipient.Detail ?? ""])]);
        });
    }

    internal sealed class Options : GlobalOptions
    {
        [CommandArgument(0, "<ID>")]
        [Description("The queue id, 32 hexadecimal digits.")]
        public required string Id { get; init; }
    }
}
