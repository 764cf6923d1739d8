using System.ComponentModel;
using Merpati.Administration;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Accounts;

[Description("Change an account: its name, its quota, whether it may be used.")]
internal sealed class ChangeAccount(ITerminal terminal) : AdminCommand<ChangeAccount.Options>(terminal)
{
    protected override async Task RunAsync(AdminClient server, Options options, Printer printer, CancellationToken cancellationToken)
    {
        if (options.Enable && options.Disable) throw new UsageFailure("Give --enable or --disable, not both.");
        bool? enabled = options.Enable ? true : options.Disable ? false : null;
        var change = new AccountChange(options.Name, enabled, QuotaOption.Parse(options.Quota), options.QuotaMessages);
        if (change == new AccountChange()) throw new UsageFailure("Say what to change: --name, --quota, --quota-messages, --enable or --disable.");
        var changed = await server.SendAsync(
            HttpMethod.Patch,
            $"accounts/{Segment(options.Address)}",
            change,
            AdministrationJson.Default.AccountChange,
            AdministrationJson.Default.AccountView,
            cancellationToken);
        printer.Print(changed, () => printer.PrintAccounts([changed]));
    }

    internal sealed class Options : AccountOptions
    {
        [CommandOption("--name <NAME>")]
        [Description("The person's name; an empty one takes it away.")]
        public string? Name { get; init; }

        [CommandOption("--quota <SIZE>")]
        [Description("Most octets that may be stored, as 500M or 10G; 0 or none for no limit.")]
        public string? Quota { get; init; }

        [CommandOption("--quota-messages <COUNT>")]
        [Description("Most messages that may be stored; 0 for no limit.")]
        public long? QuotaMessages { get; init; }

        [CommandOption("--enable")]
        [Description("Let it log in and receive mail.")]
        public bool Enable { get; init; }

        [CommandOption("--disable")]
        [Description("No login, no new mail; what it has stays.")]
        public bool Disable { get; init; }
    }
}
