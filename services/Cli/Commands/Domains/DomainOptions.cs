using System.ComponentModel;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Domains;

/// <summary>One domain.</summary>
internal class DomainOptions : GlobalOptions
{
    [CommandArgument(0, "<DOMAIN>")]
    [Description("The domain, as example.org.")]
    public required string Domain { get; init; }
}
