using System.ComponentModel;
using Merpati.Administration;
using Merpati.Cli.Commands.Accounts;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Sharing;

[Description("Add a shared account: mailboxes of no person, which IMAP clients find under Shared/.")]
internal sealed class AddShared(ITerminal terminal) : AdminCommand<AddShared.Options>(terminal)
{
    private const string AllRights = "lrswipkxtea";

    protected override async Task RunAsync(AdminClient server, Options options, Printer printer, CancellationToken cancellationToken)
    {
        var added = await server.SendAsync(
            HttpMethod.Post,
            "accounts",
            new NewAccount(options.Address, Password: null, options.Name, QuotaOption.Parse(options.Quota), options.QuotaMessages, Shared: true),
            AdministrationJson.Default.NewAccount,
            AdministrationJson.Default.AccountView,
            cancellationToken);
        foreach (var manager in options.Managers)
            await server.SendAsync(HttpMethod.Put, $"accounts/{Segment(added.Address)}/grants/{Segment(manager)}", new GrantOrder(AllRights), AdministrationJson.Default.GrantOrder, cancellationToken);
        printer.Print(added, () => printer.Line(options.Managers.Length == 0
            ? $"The shared account {added.Address} is there. Give somebody rights to it: merpati shared grant {added.Address} <WHO> {AllRights}"
            : $"The shared account {added.Address} is there, managed by {string.Join(", ", options.Managers)}."));
    }

    internal sealed class Options : AccountOptions
    {
        [CommandOption("--manager <ADDRESS>")]
        [Description("An account that has all rights to its mailboxes, and gives them to others; may be repeated.")]
        public string[] Managers { get; init; } = [];

        [CommandOption("--name <NAME>")]
        [Description("What it is for.")]
        public string? Name { get; init; }

        [CommandOption("--quota <SIZE>")]
        [Description("Most octets that may be stored, as 500M or 10G; 0 or none for no limit.")]
        public string? Quota { get; init; }

        [CommandOption("--quota-messages <COUNT>")]
        [Description("Most messages that may be stored; 0 for no limit.")]
        public long? QuotaMessages { get; init; }
    }
}
