using System.ComponentModel;
using Spectre.Console;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Archives;

/// <summary>The forms of mail in files.</summary>
internal enum MailForm
{
    Archive = 0,
    Maildir = 1,
    Mbox = 2,
}

internal abstract class ArchiveOptions : GlobalOptions
{
    /// <summary>What the folder of an export of all has besides the archives: who there is, without passwords. The last that is written.</summary>
    public const string DirectoryFile = "directory.json";

    public const string ArchiveExtension = ".tar";

    [CommandArgument(0, "<ADDRESS-AND-PATH>")]
    [Description("The account, and the file or folder; with --all the folder alone.")]
    public required string[] Words { get; init; }

    [CommandOption("--all")]
    [Description("All accounts, with the domains and aliases; an archive each, in one folder.")]
    public bool All { get; init; }

    public string Address => Words[0];

    /// <summary>The file or folder.</summary>
    public string Target => Path.GetFullPath(Words[^1]);

    public override ValidationResult Validate()
        => All == (Words.Length == 1) && Words.Length is 1 or 2 ? ValidationResult.Success() : ValidationResult.Error("name an account and a file or folder, or --all and a folder");
}

/// <summary>How the archives of an export of all are called.</summary>
internal static class ArchiveNames
{
    /// <summary>An address as the name of a file.</summary>
    public static string Of(string address) => Uri.EscapeDataString(address).Replace("%40", "@", StringComparison.Ordinal) + ArchiveOptions.ArchiveExtension;
}
