using System.Text;
using Merpati.Mailboxes;
using Merpati.Protocols.Imap;

namespace Merpati.Fuzz;

/// <summary>
/// IMAP from the client: any octets are a command or a syntax error, in every state. What is a mailbox name has one encoding,
/// matches itself as a pattern, and a date is written back as the same moment.
/// </summary>
internal static class ImapCommands
{
    public static void Run(ReadOnlySpan<byte> input)
    {
        foreach (var state in (SessionStates[])[SessionStates.NotAuthenticated, SessionStates.Authenticated, SessionStates.Selected]) Parse(input, state);
        Name(input);
        Date(input);
    }

    private static void Parse(ReadOnlySpan<byte> input, SessionStates state)
    {
        var line = CommandLine.Parse(input, state);
        var outcomes = (line.Command is null ? 0 : 1) + (line.Error is null ? 0 : 1) + (line.WantsLiteral ? 1 : 0);
        if (outcomes != 1) throw new InvalidOperationException("A command is right, wrong, or waits for a literal.");
        if (line.WantsLiteral && CommandReader.LiteralAtEnd(input.TrimEnd("\r\n"u8)) is null && !input.Contains((byte)'{'))
            throw new InvalidOperationException("A literal is wanted that nobody announced.");
        if (line.Command is { TakesMessage: true } && !input.EndsWith("}\r\n"u8)) throw new InvalidOperationException("A message is expected that nobody announced.");
    }

    private static void Name(ReadOnlySpan<byte> input)
    {
        if (ModifiedUtf7.TryDecode(input) is not { } text) return;
        if (!Ascii.Equals(input, ModifiedUtf7.Encode(text))) throw new InvalidOperationException("A name has two encodings.");
        if (MailboxName.TryParse(text, out var name) && ListPattern.TryCreate(Encoding.ASCII.GetBytes(ModifiedUtf7.Encode(name.Value)), utf8: false)?.Matches(name) != true)
            throw new InvalidOperationException("A name does not match itself.");
    }

    private static void Date(ReadOnlySpan<byte> input)
    {
        if (!ImapDate.TryParseDateTime(Encoding.Latin1.GetString(input), out var moment)) return;
        if (!ImapDate.TryParseDateTime(ImapDate.Format(moment), out var again) || !again.EqualsExact(moment)) throw new InvalidOperationException("A date is not what was sent.");
    }
}
