using System.ComponentModel;
using Merpati.Administration;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;

namespace Merpati.Cli.Commands.Sharing;

[Description("Take rights to the mailboxes of an account away.")]
internal sealed class Revoke(ITerminal terminal) : AdminCommand<GrantOptions>(terminal)
{
    protected override async Task RunAsync(AdminClient server, GrantOptions options, Printer printer, CancellationToken cancellationToken)
    {
        await Grant.SendAsync(server, options, "", cancellationToken);
        printer.Print(new Removed(options.Grantee), () => printer.Line($"{options.Grantee} has no rights in {options.In} any more."));
    }
}
