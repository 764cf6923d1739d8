using System.ComponentModel;
using Merpati.Administration;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Accounts;

[Description("Set the password of an account.")]
internal sealed class SetPassword(ITerminal terminal) : AdminCommand<SetPassword.Options>(terminal)
{
    protected override async Task RunAsync(AdminClient server, Options options, Printer printer, CancellationToken cancellationToken)
    {
        var password = await options.GetPasswordAsync(Terminal, cancellationToken);
        await server.SendAsync(HttpMethod.Put, $"accounts/{Segment(options.Address)}/password", new NewPassword(password), AdministrationJson.Default.NewPassword, cancellationToken);
        printer.Print(
            new PasswordSet(options.Address, options.Generate ? password : null),
            () => printer.Line(options.Generate ? $"The password of {options.Address} is now: {password}" : $"The password of {options.Address} is set."));
    }

    internal sealed class Options : PasswordOptions
    {
        [CommandArgument(0, "<ADDRESS>")]
        [Description("The account's address.")]
        public required string Address { get; init; }
    }
}
