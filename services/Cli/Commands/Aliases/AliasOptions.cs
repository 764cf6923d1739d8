using System.ComponentModel;
using Merpati.Administration;
using Merpati.Cli.Terminal;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Aliases;

/// <summary>An alias and what it stands for.</summary>
internal sealed class AliasOptions : GlobalOptions
{
    [CommandArgument(0, "<ALIAS>")]
    [Description("The address that stands for others; '*' in its local part matches anything.")]
    public required string Alias { get; init; }

    [CommandArgument(1, "<TARGETS>")]
    [Description("One address or more.")]
    public required string[] Targets { get; init; }

    /// <summary>Targets may also be written in one word with commas.</summary>
    public IReadOnlyList<string> AllTargets => [.. Targets.SelectMany(target => target.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];
}

internal static class AliasPrinting
{
    public static void PrintAlias(this Printer printer, AliasView alias)
        => printer.Print(alias, () => printer.Line($"Mail for {alias.Address} goes to {string.Join(", ", alias.Targets)}."));
}
