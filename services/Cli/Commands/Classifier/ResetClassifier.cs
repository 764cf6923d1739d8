using System.ComponentModel;
using Merpati.Administration;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Classifier;

[Description("Let the classifier forget everything.")]
internal sealed class ResetClassifier(ITerminal terminal) : AdminCommand<ResetClassifier.Options>(terminal)
{
    protected override async Task RunAsync(AdminClient server, Options options, Printer printer, CancellationToken cancellationToken)
    {
        await server.DeleteAsync("classifier", cancellationToken);
        printer.Print(new Removed("classifier"), () => printer.Line("The classifier has forgotten everything."));
    }

    internal sealed class Options : GlobalOptions
    {
        [CommandOption("--yes")]
        [Description("Needed: it cannot be undone.")]
        public bool Yes { get; init; }

        public override Spectre.Console.ValidationResult Validate()
            => Yes ? Spectre.Console.ValidationResult.Success() : Spectre.Console.ValidationResult.Error("what was learned is lost; say --yes");
    }
}
