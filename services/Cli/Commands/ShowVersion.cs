using System.ComponentModel;
using Merpati.Administration;
using Merpati.Cli.Terminal;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands;

[Description("Print the version of this command.")]
internal sealed class ShowVersion(ITerminal terminal) : Command<GlobalOptions>
{
    public override int Execute(CommandContext context, GlobalOptions settings, CancellationToken cancellationToken)
    {
        var printer = new Printer(terminal, settings.Json);
        printer.Print(new VersionView(MerpatiCommand.Version), () => printer.Line($"merpati {MerpatiCommand.Version}"));
        return ExitCode.Done;
    }
}
