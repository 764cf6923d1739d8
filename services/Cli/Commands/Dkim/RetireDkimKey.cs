using System.ComponentModel;
using Merpati.Administration;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;

namespace Merpati.Cli.Commands.Dkim;

[Description("Sign no more with a key; its record stays published until the mail that it signed has arrived.")]
internal sealed class RetireDkimKey(ITerminal terminal) : AdminCommand<DkimKeyOptions>(terminal)
{
    protected override async Task RunAsync(AdminClient server, DkimKeyOptions options, Printer printer, CancellationToken cancellationToken)
    {
        var key = await server.SendAsync(HttpMethod.Post, $"dkim/{Segment(options.Domain)}/{Segment(options.Selector)}/retire", new DkimRotation(), AdministrationJson.Default.DkimRotation, AdministrationJson.Default.DkimKeyView, cancellationToken);
        printer.Print(key, () => printer.Line($"The key {key.Selector} of {key.Domain} signs no more. Leave {key.RecordName} in DNS for a week, then: merpati dkim remove {key.Domain} {key.Selector}"));
    }
}
