using System.ComponentModel;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Accounts;

/// <summary>One account.</summary>
internal class AccountOptions : GlobalOptions
{
    [CommandArgument(0, "<ADDRESS>")]
    [Description("The account's address, which is its login too.")]
    public required string Address { get; init; }
}
