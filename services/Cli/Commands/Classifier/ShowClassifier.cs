using System.ComponentModel;
using System.Globalization;
using Merpati.Administration;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;

namespace Merpati.Cli.Commands.Classifier;

[Description("How much the classifier has learned.")]
internal sealed class ShowClassifier(ITerminal terminal) : AdminCommand<GlobalOptions>(terminal)
{
    protected override async Task RunAsync(AdminClient server, GlobalOptions options, Printer printer, CancellationToken cancellationToken)
    {
        var view = await server.GetAsync("classifier", AdministrationJson.Default.ClassifierView, cancellationToken);
        printer.Print(view, () =>
        {
            printer.Line(view.Trained ? "The classifier gives scores." : $"The classifier gives no scores yet: it needs {view.Needed} messages of each kind.");
            printer.Line(string.Create(CultureInfo.InvariantCulture, $"{view.Junk} messages of junk, {view.Good} others; {view.Words} words of {view.MaxWords}."));
        });
    }
}
