using System.Text;
using Spectre.Console;

namespace Merpati.Cli.Terminal;

/// <summary>The process's own streams, in UTF-8 whatever the locale says: addresses and passwords may hold any letter.</summary>
public sealed class SystemTerminal : ITerminal
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    private SystemTerminal()
    {
        Input = System.Console.IsInputRedirected ? new StreamReader(System.Console.OpenStandardInput(), Utf8) : System.Console.In;
        Output = new StreamWriter(System.Console.OpenStandardOutput(), Utf8) { AutoFlush = true };
        Error = new StreamWriter(System.Console.OpenStandardError(), Utf8) { AutoFlush = true };
        Console = AnsiConsole.Create(new AnsiConsoleSettings());
    }

    public TextReader Input { get; }

    public TextWriter Output { get; }

    public TextWriter Error { get; }

    public IAnsiConsole Console { get; }

    public bool OutputIsTerminal => !System.Console.IsOutputRedirected;

    public bool InputIsTerminal => !System.Console.IsInputRedirected;

    public Stream OpenInput() => System.Console.OpenStandardInput();

    public static SystemTerminal Open() => new();

    public string? Environment(string variable) => System.Environment.GetEnvironmentVariable(variable);
}
