using System.ComponentModel;
using Merpati.Administration;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Accounts;

[Description("Add an account.")]
internal sealed class AddAccount(ITerminal terminal) : AdminCommand<AddAccount.Options>(terminal)
{
    protected override async Task RunAsync(AdminClient server, Options options, Printer printer, CancellationToken cancellationToken)
    {
        var quota = QuotaOption.Parse(options.Quota);
        var password = await options.GetPasswordAsync(Terminal, cancellationToken);
        var added = await server.SendAsync(
            HttpMethod.Post,
            "accounts",
            new NewAccount(options.Address, password, options.Name, quota, options.QuotaMessages),
            AdministrationJson.Default.NewAccount,
            AdministrationJson.Default.AccountView,
            cancellationToken);
        if (options.Generate)
        {
            printer.Print(new PasswordSet(added.Address, password), () => printer.Line($"The account {added.Address} is there. Its password: {password}"));
            return;
        }
        printer.Print(added, () => printer.Line($"The account {added.Address} is there."));
    }

    internal sealed class Options : PasswordOptions
    {
        [CommandArgument(0, "<ADDRESS>")]
        [Description("The account's address, which is its login too.")]
        public required string Address { get; init; }

        [CommandOption("--name <NAME>")]
        [Description("The person's name.")]
        public string? Name { get; init; }

        [CommandOption("--quota <SIZE>")]
        [Description("Most octets that may be stored, as 500M or 10G; 0 or none for no limit.")]
        public string? Quota { get; init; }

        [CommandOption("--quota-messages <COUNT>")]
        [Description("Most messages that may be stored; 0 for no limit.")]
        public long? QuotaMessages { get; init; }
    }
}
