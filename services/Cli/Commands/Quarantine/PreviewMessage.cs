using System.ComponentModel;
using Merpati.Administration;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Quarantine;

[Description("Read a message that waits in the queue as harmless text: no markup, no pictures, links that lead nowhere.")]
internal sealed class PreviewMessage(ITerminal terminal) : AdminCommand<PreviewMessage.Options>(terminal)
{
    protected override async Task RunAsync(AdminClient server, Options options, Printer printer, CancellationToken cancellationToken)
    {
        var text = await server.GetAsync($"queue/{Segment(options.Id)}/text", AdministrationJson.Default.QueuedTextView, cancellationToken);
        printer.Print(text, () =>
        {
            printer.Line($"Sender:  {text.Sender}");
            printer.Line($"From:    {text.From}");
            printer.Line($"To:      {text.To}");
            printer.Line($"Subject: {text.Subject}");
            foreach (var attachment in text.Attachments) printer.Line($"Attached: {attachment}");
            printer.Line();
            foreach (var line in text.Text.ReplaceLineEndings("\n").TrimEnd().Split('\n')) printer.Line(line);
            if (text.IsCut) printer.Line("[there is more]");
        });
    }

    internal sealed class Options : GlobalOptions
    {
        [CommandArgument(0, "<ID>")]
        [Description("The queue id, 32 hexadecimal digits.")]
        public required string Id { get; init; }
    }
}
