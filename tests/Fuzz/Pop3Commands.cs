using System.Buffers;
using System.Text;
using Merpati.Protocols.Pop3;

namespace Merpati.Fuzz;

/// <summary>
/// POP3 both ways. The input is taken as a command line: what parses must be written back as the same octets.
/// And it is taken as a message: stuffed in chunks and unstuffed as a client does it, it must be the same message.
/// </summary>
internal static class Pop3Commands
{
    public static void Run(ReadOnlySpan<byte> input)
    {
        ParseCommand(input);
        SendMessage(input);
    }

    private static void ParseCommand(ReadOnlySpan<byte> line)
    {
        if (!Pop3CommandLine.TryParse(line, out var command)) return;
        var written = Encoding.UTF8.GetBytes(command.Argument is null ? command.Verb : $"{command.Verb} {command.Argument}");
        var trailingSpace = command.Argument is null && line.Length > 0 && line[^1] == ' ';
        var expected = trailingSpace ? line[..^1] : line;
        if (!Ascii.EqualsIgnoreCase(written.AsSpan(0, command.Verb.Length), expected[..command.Verb.Length])
            || !written.AsSpan(command.Verb.Length).SequenceEqual(expected[command.Verb.Length..])
            || written.AsSpan().ContainsAnyInRange((byte)0, (byte)31))
        {
            throw new InvalidOperationException($"'{command}' is not what was sent.");
        }
    }

    private static void SendMessage(ReadOnlySpan<byte> message)
    {
        var sent = new ArrayBufferWriter<byte>();
        var stuffer = new DotStuffer(sent);
        var size = message.IsEmpty ? 1 : (message[0] % 16) + 1;
        for (var at = 0; at < message.Length; at += size) stuffer.Write(message.Slice(at, Math.Min(size, message.Length - at)));
        stuffer.End();
        var received = Unstuff(sent.WrittenSpan);
        var ended = message.IsEmpty || message.EndsWith("\r\n"u8);
        if (!received.AsSpan(0, message.Length).SequenceEqual(message) || received.Length != message.Length + (ended ? 0 : 2))
            throw new InvalidOperationException("The message is not what was stored.");
    }

    /// <summary>A client for whom LF ends a line, with or without CR.</summary>
    private static byte[] Unstuff(ReadOnlySpan<byte> sent)
    {
        var message = new ArrayBufferWriter<byte>();
        while (!sent.SequenceEqual(".\r\n"u8))
        {
            var end = sent.IndexOf((byte)'\n') + 1;
            if (end == 0 || sent[..end].SequenceEqual(".\r\n"u8)) throw new InvalidOperationException("The terminator is not where the message ends.");
            message.Write(sent[0] == '.' ? sent[1..end] : sent[..end]);
            sent = sent[end..];
        }
        return message.WrittenSpan.ToArray();
    }
}
