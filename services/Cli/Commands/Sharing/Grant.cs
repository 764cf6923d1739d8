using System.ComponentModel;
using Merpati.Administration;
using Merpati.Cli.Commands.Accounts;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Sharing;

/// <summary>An account, who is given or loses rights to its mailboxes, and to which.</summary>
internal class GrantOptions : AccountOptions
{
    [CommandArgument(1, "<WHO>")]
    [Description("An account's address, anyone, or anyone@domain.")]
    public required string Grantee { get; init; }

    [CommandOption("--mailbox <NAME>")]
    [Description("Only this mailbox; else all that there are.")]
    public string? Mailbox { get; init; }

    public string In => Mailbox is null ? $"all mailboxes of {Address}" : $"{Mailbox} of {Address}";
}

[Description("Give rights to the mailboxes of an account.")]
internal sealed class Grant(ITerminal terminal) : AdminCommand<Grant.Options>(terminal)
{
    protected override async Task RunAsync(AdminClient server, Options options, Printer printer, CancellationToken cancellationToken)
    {
        await SendAsync(server, options, options.Rights, cancellationToken);
        printer.Print(new GrantView(options.Mailbox ?? "*", options.Grantee, options.Rights), () => printer.Line($"{options.Grantee} has {options.Rights} in {options.In}."));
    }

    public static ValueTask SendAsync(AdminClient server, GrantOptions options, string rights, CancellationToken cancellationToken)
        => server.SendAsync(HttpMethod.Put, $"accounts/{Segment(options.Address)}/grants/{Segment(options.Grantee)}", new GrantOrder(rights, options.Mailbox), AdministrationJson.Default.GrantOrder, cancellationToken);

    internal sealed class Options : GrantOptions
    {
        [CommandArgument(2, "<RIGHTS>")]
        [Description("Letters of lrswipkxtea (RFC 4314): lookup, read, seen, write flags, insert, post, create, delete mailbox, delete messages, expunge, administer.")]
        public required string Rights { get; init; }
    }
}
