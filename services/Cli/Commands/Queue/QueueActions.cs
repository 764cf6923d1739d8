using System.ComponentModel;
using Merpati.Administration;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Queue;

/// <summary>What a person does to entries differs in a word only.</summary>
internal abstract class QueueAction(ITerminal terminal, string verb, string done) : AdminCommand<QueueAction.Options>(terminal)
{
    protected override async Task RunAsync(AdminClient server, Options options, Printer printer, CancellationToken cancellationToken)
    {
        var selection = new QueueSelection(options.Id, options.Route, options.State, options.Sender, options.Recipient, options.AcceptedBefore(), options.All, options.Reason, options.Domain, options.Submitter, options.Reply);
        if ((selection with { All = false, Reason = null }) == new QueueSelection() && !options.All) throw new UsageFailure("Say which entries: an id, a filter such as --recipient, or --all.");
        await QueueRequest.SendAsync(server, printer, verb, done, selection, cancellationToken);
    }

    internal sealed class Options : QueueFilterOptions
    {
        [CommandArgument(0, "[ID]")]
        [Description("The queue id, 32 hexadecimal digits.")]
        public string? Id { get; init; }

        [CommandOption("--all")]
        [Description("All entries.")]
        public bool All { get; init; }

        [CommandOption("--reason <TEXT>")]
        [Description("Why; kept in the timeline.")]
        public string? Reason { get; init; }
    }
}

[Description("Hold entries until they are released.")]
internal sealed class HoldEntries(ITerminal terminal) : QueueAction(terminal, "hold", "held");

[Description("Release held entries.")]
internal sealed class ReleaseEntries(ITerminal terminal) : QueueAction(terminal, "release", "released");

[Description("Try entries again at once.")]
internal sealed class RetryEntries(ITerminal terminal) : QueueAction(terminal, "retry", "made due now");

[Description("Send entries back: the senders get a report with the reason.")]
internal sealed class BounceEntries(ITerminal terminal) : QueueAction(terminal, "bounce", "sent back");

[Description("Throw entries away: nobody gets them, nobody is told.")]
internal sealed class DiscardEntries(ITerminal terminal) : QueueAction(terminal, "discard", "discarded");
