using System.ComponentModel;
using Merpati.Administration;
using Merpati.Cli.Terminal;
using Merpati.Mail.Policy;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Quarantine;

/// <summary>Which messages are meant; all that is given must match.</summary>
internal class QuarantineOptions : GlobalOptions
{
    [CommandOption("--sender <TEXT>")]
    [Description("Messages whose sender contains this.")]
    public string? Sender { get; init; }

    [CommandOption("--recipient <TEXT>")]
    [Description("Messages with a recipient that contains this.")]
    public string? Recipient { get; init; }

    [CommandOption("--rule <NAME>")]
    [Description("Messages that this rule put there.")]
    public string? Rule { get; init; }

    /// <summary>What a queue entry in quarantine looks like: held, with the rule as the reason.</summary>
    public QueueSelection Selection(string? id, string? reason) => new(id, Route: null, "held", Sender, Recipient, AcceptedBefore: null, Reason: reason, Reply: $"{VerdictHeader.QuarantinedPrefix} {Rule}".TrimEnd());
}
