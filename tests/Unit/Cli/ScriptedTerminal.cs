using Merpati.Cli.Terminal;
using Spectre.Console;

namespace Merpati.Tests.Unit.Cli;

/// <summary>A pipe in, two pipes out, and an environment of its own.</summary>
internal sealed class ScriptedTerminal(string input = "", IReadOnlyDictionary<string, string>? environment = null) : ITerminal
{
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    public TextReader Input { get; } = new StringReader(input);

    public TextWriter Output => _output;

    public TextWriter Error => _error;

    public IAnsiConsole Console => field ??= AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Interactive = InteractionSupport.No, Out = new AnsiConsoleOutput(_output) });

    public bool OutputIsTerminal { get; init; }

    public bool InputIsTerminal => false;

    public string Printed => _output.ToString();

    public string Complained => _error.ToString();

    public Stream OpenInput() => new MemoryStream(System.Text.Encoding.UTF8.GetBytes(input));

    public string? Environment(string variable) => environment?.GetValueOrDefault(variable);
}
