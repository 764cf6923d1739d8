using System.ComponentModel;
using Merpati.Administration;
using Merpati.Cli.Commands.Accounts;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;

namespace Merpati.Cli.Commands.Sharing;

[Description("List shared accounts.")]
internal sealed class ListShared(ITerminal terminal) : AdminCommand<ListAccounts.Options>(terminal)
{
    protected override async Task RunAsync(AdminClient server, ListAccounts.Options options, Printer printer, CancellationToken cancellationToken)
    {
        var accounts = (await ListAccounts.ReadAsync(server, options.Domain, cancellationToken)).FindAll(account => account.Shared);
        printer.Print<IReadOnlyList<AccountView>>(accounts, () => printer.PrintAccounts(accounts));
    }
}
