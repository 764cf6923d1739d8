using System.ComponentModel;
using Merpati.Administration;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Accounts;

[Description("List accounts.")]
internal sealed class ListAccounts(ITerminal terminal) : AdminCommand<ListAccounts.Options>(terminal)
{
    protected override async Task RunAsync(AdminClient server, Options options, Printer printer, CancellationToken cancellationToken)
    {
        var accounts = await ReadAsync(server, options.Domain, cancellationToken);
        printer.Print<IReadOnlyList<AccountView>>(accounts, () => printer.PrintAccounts(accounts));
    }

    /// <summary>All of them, page by page.</summary>
    public static async Task<List<AccountView>> ReadAsync(AdminClient server, string? domain, CancellationToken cancellationToken)
    {
        var accounts = new List<AccountView>();
        while (true)
        {
            var after = accounts.Count == 0 ? null : accounts[^1].Address;
            var page = await server.GetAsync("accounts" + Query(("domain", domain), ("after", after)), AdministrationJson.Default.IReadOnlyListAccountView, cancellationToken);
            if (page.Count == 0) return accounts;
            accounts.AddRange(page);
        }
    }

    internal sealed class Options : GlobalOptions
    {
        [CommandOption("--domain <DOMAIN>")]
        [Description("Only accounts of this domain.")]
        public string? Domain { get; init; }
    }
}
