using System.ComponentModel;
using Merpati.Cli.Terminal;
using Merpati.Mail.Policy;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Policies;

[Description("Print the standard policy, to begin your own with; --facts prints what rules may ask for, --schema a JSON schema for editors.")]
internal sealed class ShowPolicy(ITerminal terminal) : Command<ShowPolicy.Options>
{
    public override int Execute(CommandContext context, Options settings, CancellationToken cancellationToken)
    {
        if (settings.Schema) terminal.Output.Write(PolicySchema.Text);
        else if (!settings.Facts) terminal.Output.Write(StandardPolicy.Text);
        else new Printer(terminal, json: false).Table(["FACT", "KIND", "WHAT IT IS"], [.. MailFact.All.Select(fact => (string[])[fact.Name, fact.Kind.ToString().ToLowerInvariant(), fact.Words is { } words ? $"{fact.Description}: {string.Join(", ", words)}" : fact.Description])]);
        return ExitCode.Done;
    }

    internal sealed class Options : GlobalOptions
    {
        [CommandOption("--facts")]
        [Description("The facts that rules may ask for, instead.")]
        public bool Facts { get; init; }

        [CommandOption("--schema")]
        [Description("A JSON schema of policies, instead.")]
        public bool Schema { get; init; }
    }
}
