using System.Buffers;
using System.Text;
using AwesomeAssertions;
using FsCheck.Xunit;
using Merpati.Protocols.Pop3;
using Xunit;

namespace Merpati.Tests.Unit.Protocols.Pop3;

public sealed class DotStufferTests
{
    [Theory]
    [InlineData("", ".\r\n")]
    [InlineData("a\r\n", "a\r\n.\r\n")]
    [InlineData("a", "a\r\n.\r\n")]
    [InlineData("a\r", "a\r\r\n.\r\n")]
    [InlineData("a\n", "a\n\r\n.\r\n")]
    [InlineData(".\r\n", "..\r\n.\r\n")]
    [InlineData(".", "..\r\n.\r\n")]
    [InlineData("\r\n.\r\n", "\r\n..\r\n.\r\n")]
    [InlineData("..\r\n.a\r\n", "...\r\n..a\r\n.\r\n")]
    [InlineData("a.b\r\n", "a.b\r\n.\r\n")]
    [InlineData("a\n.\r\nb\r\n", "a\n..\r\nb\r\n.\r\n")]
    [InlineData("\n.\n.\n.", "\n..\n..\n..\r\n.\r\n")]
    public void Lines_that_begin_with_a_dot_get_another_wherever_the_chunks_are_cut(string message, string sent)
    {
        Stuff(message, chunk: int.MaxValue).Should().Be(sent);
        for (var chunk = 1; chunk <= message.Length; chunk++) Stuff(message, chunk).Should().Be(sent, "cut into chunks of {0}", chunk);
    }

    [Property(MaxTest = 500)]
    public bool A_client_reads_back_what_was_stored(byte[] seed, byte chunk)
    {
        // Few different octets, so that dots and line ends meet often.
        var message = string.Concat(seed.Select(octet => "\r\n..a"[octet % 5]));
        var sent = Stuff(message, Math.Max(1, chunk % 7));
        return Unstuff(sent) == (message.Length == 0 || message.EndsWith("\r\n", StringComparison.Ordinal) ? message : message + "\r\n");
    }

    private static string Stuff(string message, int chunk)
    {
        var output = new ArrayBufferWriter<byte>();
        var stuffer = new DotStuffer(output);
        foreach (var part in Encoding.Latin1.GetBytes(message).Chunk(Math.Min(chunk, 1 << 20))) stuffer.Write(part);
        stuffer.End();
        return Encoding.Latin1.GetString(output.WrittenSpan);
    }

    /// <summary>A client as most are: LF ends a line, with or without CR.</summary>
    private static string Unstuff(string sent)
    {
        var message = new StringBuilder();
        foreach (var line in sent.Split('\n')[..^1].Select(line => line + "\n"))
        {
            if (line is ".\r\n") return message.ToString();
            message.Append(line.StartsWith('.') ? line[1..] : line);
        }
        throw new FormatException("no terminator");
    }
}
