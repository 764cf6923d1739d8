using System.ComponentModel;
using System.Globalization;
using Merpati.Administration;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Queue;

[Description("List what waits in the queue, the oldest first.")]
internal sealed class ListQueue(ITerminal terminal) : AdminCommand<ListQueue.Options>(terminal)
{
    protected override async Task RunAsync(AdminClient server, Options options, Printer printer, CancellationToken cancellationToken)
    {
        var query = Query(
            ("sender", options.Sender),
            ("recipient", options.Recipient),
            ("state", options.State),
            ("route", options.Route),
            ("domain", options.Domain),
            ("submitter", options.Submitter),
            ("reply", options.Reply),
            ("acceptedBefore", options.AcceptedBefore()?.UtcDateTime.ToString("O", CultureInfo.InvariantCulture)),
            ("after", options.After),
            ("limit", options.Limit.ToString(CultureInfo.InvariantCulture)));
        var entries = await server.GetAsync("queue" + query, AdministrationJson.Default.IReadOnlyListQueueEntryView, cancellationToken);
        printer.Print(entries, () => printer.Table(
            ["ID", "ACCEPTED", "SIZE", "TRIES", "NEXT", "SENDER", "OPEN RECIPIENTS"],
            [.. entries.Select(entry => (string[])[entry.Id, When.Format(entry.AcceptedAt), Octets.Format(entry.Size), entry.Attempts.ToString(CultureInfo.InvariantCulture), When.Format(entry.NextAttemptAt), entry.Sender, Recipients(entry)])]));
    }

    private static string Recipients(QueueEntryView entry)
        => string.Join(", ", entry.Recipients.Where(recipient => recipient.State is "queued" or "held").Select(recipient => recipient.State == "held" ? $"{recipient.Address} (held)" : recipient.Address));

    internal sealed class Options : QueueFilterOptions
    {
        [CommandOption("--limit <COUNT>")]
        [Description("Most entries to list.")]
        [DefaultValue(100)]
        public int Limit { get; init; }

        [CommandOption("--after <ID>")]
        [Description("Go on after this entry.")]
        public string? After { get; init; }
    }
}
