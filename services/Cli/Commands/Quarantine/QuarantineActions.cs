using System.ComponentModel;
using Merpati.Cli.Commands.Queue;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Quarantine;

/// <summary>What a person decides about messages in quarantine; other entries of the queue are left alone, whatever is given.</summary>
internal abstract class QuarantineAction(ITerminal terminal, string verb, string done) : AdminCommand<QuarantineAction.Options>(terminal)
{
    protected override Task RunAsync(AdminClient server, Options options, Printer printer, CancellationToken cancellationToken)
        => options is { Id: null, Sender: null, Recipient: null, Rule: null, All: false }
            ? throw new UsageFailure("Say which messages: an id, --sender, --recipient, --rule, or --all.")
            : QueueRequest.SendAsync(server, printer, verb, done, options.Selection(options.Id, options.Reason), cancellationToken);

    internal sealed class Options : QuarantineOptions
    {
        [CommandArgument(0, "[ID]")]
        [Description("The queue id, 32 hexadecimal digits.")]
        public string? Id { get; init; }

        [CommandOption("--all")]
        [Description("All messages in quarantine.")]
        public bool All { get; init; }

        [CommandOption("--reason <TEXT>")]
        [Description("Why; kept in the timeline.")]
        public string? Reason { get; init; }
    }
}

[Description("Let messages go on to their recipients.")]
internal sealed class ReleaseQuarantined(ITerminal terminal) : QuarantineAction(terminal, "release", "released");

[Description("Throw messages away: nobody gets them, nobody is told.")]
internal sealed class DiscardQuarantined(ITerminal terminal) : QuarantineAction(terminal, "discard", "discarded");
