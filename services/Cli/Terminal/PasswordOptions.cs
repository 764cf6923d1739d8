using System.ComponentModel;
using Merpati.Administration;
using Spectre.Console;
using Spectre.Console.Cli;

namespace Merpati.Cli.Terminal;

/// <summary>Where a new password comes from: never the command line, which others see in the list of processes and the history.</summary>
internal class PasswordOptions : GlobalOptions
{
    [CommandOption("--password-stdin")]
    [Description("Read the password from standard input, one line.")]
    public bool PasswordFromInput { get; init; }

    [CommandOption("--generate")]
    [Description("Make a password and print it.")]
    public bool Generate { get; init; }

    public async ValueTask<string> GetPasswordAsync(ITerminal terminal, CancellationToken cancellationToken)
    {
        if (PasswordFromInput && Generate) throw new UsageFailure("Give --password-stdin or --generate, not both.");
        if (Generate) return PasswordGenerator.Generate();
        if (PasswordFromInput) return await terminal.Input.ReadLineAsync(cancellationToken) is { Length: > 0 } line ? line : throw new UsageFailure("No password came on standard input.");
        if (!terminal.InputIsTerminal) throw new UsageFailure("There is no terminal to ask for the password: give it with --password-stdin, or let one be made with --generate.");
        return await AskTwiceAsync(terminal.Console, cancellationToken);
    }

    private static async ValueTask<string> AskTwiceAsync(IAnsiConsole console, CancellationToken cancellationToken)
    {
        while (true)
        {
            var first = await console.PromptAsync(new TextPrompt<string>("Password:").Secret(null), cancellationToken);
            var second = await console.PromptAsync(new TextPrompt<string>("The same again:").Secret(null), cancellationToken);
            if (first == second) return first;
            console.WriteLine("They differ. Once more:");
        }
    }
}
