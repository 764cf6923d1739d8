using System.ComponentModel;
using Merpati.Administration;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;

namespace Merpati.Cli.Commands.Accounts;

[Description("Show an account.")]
internal sealed class ShowAccount(ITerminal terminal) : AdminCommand<AccountOptions>(terminal)
{
    protected override async Task RunAsync(AdminClient server, AccountOptions options, Printer printer, CancellationToken cancellationToken)
    {
        var account = await server.GetAsync($"accounts/{Segment(options.Address)}", AdministrationJson.Default.AccountView, cancellationToken);
        printer.Print(account, () => printer.PrintAccounts([account]));
    }
}
