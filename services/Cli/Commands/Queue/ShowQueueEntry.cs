using System.ComponentModel;
using System.Globalization;
using Merpati.Administration;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Queue;

[Description("Show an entry: envelope, header, and every attempt.")]
internal sealed class ShowQueueEntry(ITerminal terminal) : AdminCommand<ShowQueueEntry.Options>(terminal)
{
    protected override async Task RunAsync(AdminClient server, Options options, Printer printer, CancellationToken cancellationToken)
    {
        var entry = await server.GetAsync($"queue/{Segment(options.Id)}", AdministrationJson.Default.QueueEntryDetails, cancellationToken);
        printer.Print(entry, () =>
        {
            printer.Line(string.Create(CultureInfo.InvariantCulture, $"{entry.Id}  {entry.Route}, from {entry.Sender}, {Octets.Format(entry.Size)}"));
            printer.Line(string.Create(CultureInfo.InvariantCulture, $"Accepted {When.Format(entry.AcceptedAt)}, {entry.Attempts} tries, next {When.Format(entry.NextAttemptAt)}"));
            printer.Line(Envelope(entry.Envelope));
            printer.Table(["RECIPIENT", "STATE", "DETAIL"], [.. entry.Recipients.Select(recipient => (string[])[recipient.Address, recipient.State, recipient.Detail ?? ""])]);
            printer.Line();
            printer.Table(["WHEN", "STEP", "RECIPIENT", "DETAIL"], [.. entry.Steps.Select(step => (string[])[When.Format(step.At), step.Step, step.Recipient ?? "", step.Detail])]);
            printer.Line();
            foreach (var line in (entry.Header ?? $"The header cannot be read: {entry.HeaderProblem}").TrimEnd().Split('\n')) printer.Line(line.TrimEnd('\r'));
        });
    }

    private static string Envelope(QueueEnvelopeView envelope)
    {
        var words = new List<string> { envelope.SmtpUtf8 ? envelope.Body + " smtputf8" : envelope.Body };
        if (envelope.Submitter is { } submitter) words.Add($"submitted by {submitter}");
        if (envelope.EnvelopeId is { } id) words.Add($"ENVID {id}");
        if (envelope.Return is { } ret) words.Add($"RET {ret}");
        words.AddRange(envelope.Recipients.Where(recipient => recipient.Notify is not null).Select(recipient => $"NOTIFY {recipient.Notify} for {recipient.Address}"));
        words.AddRange(envelope.Recipients.Where(recipient => recipient.OriginalRecipient is not null).Select(recipient => $"ORCPT {recipient.OriginalRecipient}"));
        return string.Join(", ", words);
    }

    internal sealed class Options : GlobalOptions
    {
        [CommandArgument(0, "<ID>")]
        [Description("The queue id, 32 hexadecimal digits.")]
        public required string Id { get; init; }
    }
}
