using System.ComponentModel;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Queue;

/// <summary>Which entries are meant; all that is given must match.</summary>
internal class QueueFilterOptions : GlobalOptions
{
    [CommandOption("--sender <TEXT>")]
    [Description("Entries whose sender contains this.")]
    public string? Sender { get; init; }

    [CommandOption("--recipient <TEXT>")]
    [Description("Entries with a recipient that contains this.")]
    public string? Recipient { get; init; }

    [CommandOption("--state <STATE>")]
    [Description("Entries with a recipient in this state: queued or held.")]
    public string? State { get; init; }

    [CommandOption("--route <ROUTE>")]
    [Description("Entries of this route: local or relay.")]
    public string? Route { get; init; }
}
