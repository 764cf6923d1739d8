using System.ComponentModel;
using Merpati.Administration;
using Merpati.Cli.Commands.Domains;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Dkim;

[Description("Forget a key that does not sign.")]
internal sealed class RemoveDkimKey(ITerminal terminal) : AdminCommand<DkimKeyOptions>(terminal)
{
    protected override async Task RunAsync(AdminClient server, DkimKeyOptions options, Printer printer, CancellationToken cancellationToken)
    {
        await server.DeleteAsync($"dkim/{Segment(options.Domain)}/{Segment(options.Selector)}", cancellationToken);
        printer.Print(new Removed(options.Selector), () => printer.Line($"The key {options.Selector} of {options.Domain} is gone; its record may go as well."));
    }
}

/// <summary>One key of a domain.</summary>
internal sealed class DkimKeyOptions : DomainOptions
{
    [CommandArgument(1, "<SELECTOR>")]
    [Description("The name below _domainkey.")]
    public required string Selector { get; init; }
}
