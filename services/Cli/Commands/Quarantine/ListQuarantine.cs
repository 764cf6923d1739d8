using System.ComponentModel;
using System.Globalization;
using Merpati.Administration;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Quarantine;

[Description("List what is in quarantine, the oldest first, and which rule put it there.")]
internal sealed class ListQuarantine(ITerminal terminal) : AdminCommand<ListQuarantine.Options>(terminal)
{
    protected override async Task RunAsync(AdminClient server, Options options, Printer printer, CancellationToken cancellationToken)
    {
        var selection = options.Selection(id: null, reason: null);
        var query = Query(
            ("sender", selection.Sender),
            ("recipient", selection.Recipient),
            ("state", selection.State),
            ("reply", selection.Reply),
            ("after", options.After),
            ("limit", options.Limit.ToString(CultureInfo.InvariantCulture)));
        var entries = await server.GetAsync("queue" + query, AdministrationJson.Default.IReadOnlyListQueueEntryView, cancellationToken);
        printer.Print(entries, () => printer.Table(
            ["ID", "CAME", "SIZE", "SENDER", "RECIPIENTS", "WHY"],
            [.. entries.Select(entry => (string[])[entry.Id, When.Format(entry.AcceptedAt), Octets.Format(entry.Size), entry.Sender, string.Join(", ", entry.Recipients.Where(IsHeld).Select(recipient => recipient.Address)), entry.Recipients.FirstOrDefault(IsHeld)?.Detail ?? ""])]));
    }

    private static bool IsHeld(QueueRecipientView recipient) => recipient.State == "held";

    internal sealed class Options : QuarantineOptions
    {
        [CommandOption("--limit <COUNT>")]
        [Description("Most messages to list.")]
        [DefaultValue(100)]
        public int Limit { get; init; }

        [CommandOption("--after <ID>")]
        [Description("Go on after this message.")]
        public string? After { get; init; }
    }
}
