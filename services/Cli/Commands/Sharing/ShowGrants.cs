using System.ComponentModel;
using Merpati.Administration;
using Merpati.Cli.Commands.Accounts;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;

namespace Merpati.Cli.Commands.Sharing;

[Description("Show who may use the mailboxes of an account, shared or not.")]
internal sealed class ShowGrants(ITerminal terminal) : AdminCommand<AccountOptions>(terminal)
{
    protected override async Task RunAsync(AdminClient server, AccountOptions options, Printer printer, CancellationToken cancellationToken)
    {
        var grants = await server.GetAsync($"accounts/{Segment(options.Address)}/grants", AdministrationJson.Default.IReadOnlyListGrantView, cancellationToken);
        printer.Print(grants, () => printer.Table(["MAILBOX", "WHO", "RIGHTS"], [.. grants.Select(grant => (string[])[grant.Mailbox, grant.Grantee, grant.Rights])]));
    }
}
