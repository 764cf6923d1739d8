using System.ComponentModel;
using Merpati.Administration;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;

namespace Merpati.Cli.Commands.Accounts;

[Description("Remove an account with all its mail.")]
internal sealed class RemoveAccount(ITerminal terminal) : AdminCommand<AccountOptions>(terminal)
{
    protected override async Task RunAsync(AdminClient server, AccountOptions options, Printer printer, CancellationToken cancellationToken)
    {
        await server.DeleteAsync($"accounts/{Segment(options.Address)}", cancellationToken);
        printer.Print(new Removed(options.Address), () => printer.Line($"The account {options.Address} and its mail are gone."));
    }
}
