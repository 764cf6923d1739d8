using System.ComponentModel;
using Merpati.Cli.Terminal;
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

    [CommandOption("--domain <DOMAIN>")]
    [Description("Entries with a recipient in this domain.")]
    public string? Domain { get; init; }

    [CommandOption("--submitter <ACCOUNT-ID>")]
    [Description("Entries that this account sent.")]
    public string? Submitter { get; init; }

    [CommandOption("--reply <TEXT>")]
    [Description("Entries whose last reply or reason contains this.")]
    public string? Reply { get; init; }

    [CommandOption("--older-than <TIME>")]
    [Description("Entries accepted so long ago: 90m, 12h or 3d.")]
    public string? OlderThan { get; init; }

    [CommandOption("--state <STATE>")]
    [Description("Entries with a recipient in this state: queued or held.")]
    public string? State { get; init; }

    [CommandOption("--route <ROUTE>")]
    [Description("Entries of this route: local or relay.")]
    public string? Route { get; init; }

    /// <summary>The moment before which the entries were accepted; null for any.</summary>
    public DateTimeOffset? AcceptedBefore() => OlderThan is null ? null : Age.TryParse(OlderThan, out var age)
        ? TimeProvider.System.GetUtcNow() - age
        : throw new UsageFailure($"'{OlderThan}' is not a time; write it as 90m, 12h or 3d.");
}
