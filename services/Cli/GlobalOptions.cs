using System.ComponentModel;
using Spectre.Console.Cli;

namespace Merpati.Cli;

/// <summary>The options that every command takes, in any place of the line.</summary>
internal class GlobalOptions : CommandSettings
{
    public const string DataVariable = "MERPATI_DATA";
    public const string DefaultDataFolder = "merpati-data";

    private static readonly string[] WithValue = ["--data", "--admin", "--token-file"];

    [CommandOption("--data <FOLDER>")]
    [Description("The data folder of the running server; without it $MERPATI_DATA, else ./merpati-data.")]
    public string? Data { get; init; }

    [CommandOption("--admin <URL>")]
    [Description("Where the admin API of a cluster is, such as http://localhost:8080; goes with --token-file, and instead of --data.")]
    public string? Admin { get; init; }

    [CommandOption("--token-file <FILE>")]
    [Description("File with the token of that admin API.")]
    public string? TokenFile { get; init; }

    [CommandOption("--json")]
    [Description("Print JSON for scripts.")]
    public bool Json { get; init; }

    /// <summary>
    /// Spectre.Console.Cli knows the options of a command only behind the command: moves the global ones there, wherever they were written.
    /// Everything after <c>--</c> is left alone.
    /// </summary>
    public static IReadOnlyList<string> MoveBehindCommand(IReadOnlyList<string> arguments)
    {
        var rest = new List<string>();
        var globals = new List<string>();
        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            // Standard input, which is read anyway where no file is named; Spectre.Console.Cli would take it for an option without a name.
            if (argument == "-") continue;
            if (argument == "--")
            {
                rest.AddRange(globals);
                rest.AddRange(arguments.Skip(i));
                return rest;
            }
            if (argument == "--json" || Array.Exists(WithValue, option => argument.StartsWith(option + "=", StringComparison.Ordinal)))
            {
                globals.Add(argument);
            }
            else if (WithValue.Contains(argument))
            {
                globals.Add(argument);
                if (++i < arguments.Count) globals.Add(arguments[i]);
            }
            else
            {
                rest.Add(argument);
            }
        }
        // Without a command there is only help, which takes no options.
        if (rest.Exists(argument => !argument.StartsWith('-'))) rest.AddRange(globals);
        return rest;
    }
}
