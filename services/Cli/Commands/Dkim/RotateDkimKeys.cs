using System.ComponentModel;
using Merpati.Administration;
using Merpati.Cli.Commands.Domains;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Dkim;

[Description("Make a new key for each algorithm in use; it takes over when its record can be seen in DNS.")]
internal sealed class RotateDkimKeys(ITerminal terminal) : AdminCommand<RotateDkimKeys.Options>(terminal)
{
    protected override async Task RunAsync(AdminClient server, Options options, Printer printer, CancellationToken cancellationToken)
        => printer.PrintNew(await server.SendAsync(
            HttpMethod.Post,
            $"dkim/{Segment(options.Domain)}/rotate",
            new DkimRotation(options.Now),
            AdministrationJson.Default.DkimRotation,
            AdministrationJson.Default.IReadOnlyListDkimKeyView,
            cancellationToken));

    internal sealed class Options : DomainOptions
    {
        [CommandOption("--now")]
        [Description("Sign at once, without waiting for the record to be seen in DNS.")]
        public bool Now { get; init; }
    }
}
