using System.ComponentModel;
using Merpati.Administration;
using Merpati.Cli.Commands.Domains;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Dkim;

[Description("Make keys for a domain, and print the DNS records.")]
internal sealed class AddDkimKey(ITerminal terminal) : AdminCommand<AddDkimKey.Options>(terminal)
{
    protected override async Task RunAsync(AdminClient server, Options options, Printer printer, CancellationToken cancellationToken)
        => printer.PrintNew(await server.SendAsync(
            HttpMethod.Post,
            $"dkim/{Segment(options.Domain)}",
            new NewDkimKey(options.Algorithm, options.Selector, options.Now),
            AdministrationJson.Default.NewDkimKey,
            AdministrationJson.Default.IReadOnlyListDkimKeyView,
            cancellationToken));

    internal sealed class Options : DomainOptions
    {
        [CommandOption("--algorithm <ALGORITHM>")]
        [Description("rsa, ed25519 or both; without it both.")]
        public string Algorithm { get; init; } = "both";

        [CommandOption("--selector <SELECTOR>")]
        [Description("The name below _domainkey; without it one made of the date.")]
        public string? Selector { get; init; }

        [CommandOption("--now")]
        [Description("Sign at once, without waiting for the record to be seen in DNS.")]
        public bool Now { get; init; }
    }
}
