using Spectre.Console;

namespace Merpati.Cli.Terminal;

/// <summary>Where a command reads and writes, and what it is called from; a test brings its own.</summary>
public interface ITerminal
{
    TextReader Input { get; }

    /// <summary>The octets of the input, instead of <see cref="Input"/>.</summary>
    Stream OpenInput();

    TextWriter Output { get; }

    TextWriter Error { get; }

    /// <summary>Draws tables and asks questions. Used for output only when <see cref="OutputIsTerminal"/>.</summary>
    IAnsiConsole Console { get; }

    /// <summary>A person reads the output; else it goes to a file or a pipe, and is plain.</summary>
    bool OutputIsTerminal { get; }

    /// <summary>A person can be asked.</summary>
    bool InputIsTerminal { get; }

    string? Environment(string variable);
}
