using System.Text;

namespace Merpati.Protocols.Imap;

/// <summary>What a command's octets mean: a command to run, or why there is none.</summary>
/// <param name="Tag">Null where not even a tag could be read; the answer is untagged then.</param>
/// <param name="Definition">Null for an unknown command.</param>
/// <param name="Command">Null unless <paramref name="Error"/> is null and all octets are there.</param>
/// <param name="Error">Text of a BAD response.</param>
/// <param name="WantsLiteral">Right so far; the literal announced at its end is still to come.</param>
/// <param name="UsesNumbers">Message numbers are in it, or will be in its answer.</param>
internal readonly record struct CommandLine(string? Tag, CommandDefinition? Definition, Command? Command, string? Error, bool WantsLiteral, bool UsesNumbers = false)
{
    /// <summary>Pure: <c>tag SP verb [SP arguments]</c> without the last line break (RFC 3501 §9 command).</summary>
    public static CommandLine Parse(ReadOnlySpan<byte> octets, SessionStates state, bool utf8 = false)
    {
        var scanner = new CommandScanner(octets, utf8);
        var tagOctets = scanner.Take(Syntax.TagChars, "a tag");
        if (scanner.Failed || !scanner.NextIs((byte)' ')) return new CommandLine(null, null, null, "A command is a tag, a space and a verb", false);
        var tag = Encoding.ASCII.GetString(tagOctets);
        scanner.Space();
        var start = octets.Length - scanner.Remaining;
        var verb = scanner.Take(Syntax.AtomChars, "a command");
        if (Ascii.EqualsIgnoreCase(verb, "UID"u8))
        {
            scanner.Space();
            scanner.Take(Syntax.AtomChars, "a command");
            verb = octets[start..(octets.Length - scanner.Remaining)];
        }
        if (scanner.Failed) return new CommandLine(tag, null, null, scanner.Error, false);
        if (CommandTable.Find(verb) is not { } definition) return new CommandLine(tag, null, null, "Unknown command", false);
        if ((definition.States & state) == SessionStates.None) return new CommandLine(tag, definition, null, WrongState(definition.States), false);
        var command = definition.Parse(ref scanner);
        scanner.End();
        return scanner.Failed
            ? new CommandLine(tag, definition, null, scanner.Error, scanner.WantsLiteral)
            : new CommandLine(tag, definition, command, null, false, definition.UsesNumbers || scanner.UsesNumbers);
    }

    private static string WrongState(SessionStates allowed) => allowed switch
    {
        SessionStates.NotAuthenticated => "Not after login",
        SessionStates.Selected => "Select a mailbox first",
        _ => "Log in first",
    };
}
