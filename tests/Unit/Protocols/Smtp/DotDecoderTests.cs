using System.Buffers;
using System.Text;
using AwesomeAssertions;
using FsCheck.Xunit;
using Merpati.Protocols.Smtp;
using Xunit;

namespace Merpati.Tests.Unit.Protocols.Smtp;

public sealed class DotDecoderTests
{
    [Theory]
    [InlineData(".\r\n", "")]
    [InlineData("a\r\n.\r\n", "a\r\n")]
    [InlineData("..\r\n.\r\n", ".\r\n")]
    [InlineData(".a\r\n.\r\n", "a\r\n")]
    [InlineData("a.\r\n.b\r\n.\r\n", "a.\r\nb\r\n")]
    [InlineData("\r\n\r\n.\r\n", "\r\n\r\n")]
    [InlineData("a\n.\r\n.\r\n", "a\n.\r\n")]
    [InlineData("a\r\n.\nb\r\n.\r\n", "a\r\n\nb\r\n")]
    [InlineData("a\r\n.\rb\r\n.\r\n", "a\r\n\rb\r\n")]
    [InlineData("a\r\n.\r\r\n.\r\n", "a\r\n\r\r\n")]
    [InlineData("a\r\r\n.\r\n", "a\r\r\n")]
    public void Decodes(string wire, string text)
    {
        var decoded = Decode(Encoding.ASCII.GetBytes(wire), [], out var complete, out var consumed);
        Encoding.ASCII.GetString(decoded).Should().Be(text);
        complete.Should().BeTrue();
        consumed.Should().Be(wire.Length);
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData(".\r")]
    [InlineData("a.\r\n")]
    [InlineData("a\n.\n")]
    [InlineData("a\r.\r")]
    [InlineData("a\n.\r\n")]
    [InlineData("a\r\n.\n")]
    [InlineData("a\r\n.\r")]
    [InlineData("a\r\n..\r\n")]
    public void Does_not_end(string wire)
    {
        Decode(Encoding.ASCII.GetBytes(wire), [], out var complete, out _);
        complete.Should().BeFalse();
    }

    [Fact]
    public void Leaves_what_follows_the_end()
    {
        Decode("hi\r\n.\r\nQUIT\r\n"u8.ToArray(), [], out _, out var consumed);
        consumed.Should().Be("hi\r\n.\r\n".Length);
    }

    [Property(MaxTest = 2000)]
    public bool Cuts_do_not_matter(byte[] seed, byte[] cuts)
    {
        var wire = SmtpText.From(seed);
        var whole = Decode(wire, [], out var wholeComplete, out var wholeConsumed);
        var pieces = Decode(wire, cuts, out var complete, out var consumed);
        return whole.AsSpan().SequenceEqual(pieces) && wholeComplete == complete && wholeConsumed == consumed;
    }

    [Property(MaxTest = 2000)]
    public bool What_is_encoded_comes_back(byte[] seed, byte[] cuts)
    {
        var text = SmtpText.From(seed);
        var wire = Encode(text, cuts);
        var decoded = Decode(wire, cuts, out var complete, out var consumed);
        var endsALine = text.Length == 0 || text.AsSpan().EndsWith("\r\n"u8);
        return complete && consumed == wire.Length && decoded.AsSpan().SequenceEqual(endsALine ? text : [.. text, .. "\r\n"u8]);
    }

    [Property(MaxTest = 2000)]
    public bool Agrees_with_the_plain_reading_of_the_rfc(byte[] seed)
    {
        var wire = SmtpText.From(seed);
        var decoded = Decode(wire, [], out var complete, out _);
        var (expected, ends) = Plain(Encoding.ASCII.GetString(wire));
        // What is held back at the end of an unfinished message does not matter: nobody gets it.
        return complete == ends && (!ends || Encoding.ASCII.GetString(decoded) == expected);
    }

    /// <summary>RFC 5321 §4.5.2 line by line: lines end in CRLF, a lone dot ends all, any other leading dot goes.</summary>
    private static (string Text, bool Ends) Plain(string wire)
    {
        var text = new StringBuilder();
        while (wire.IndexOf("\r\n", StringComparison.Ordinal) is var end and >= 0)
        {
            var line = wire[..end];
            wire = wire[(end + 2)..];
            if (line == ".") return (text.ToString(), true);
            text.Append(line.StartsWith('.') ? line[1..] : line).Append("\r\n");
        }
        return (text.ToString(), false);
    }

    private static byte[] Encode(byte[] text, byte[] cuts)
    {
        var output = new ArrayBufferWriter<byte>();
        var encoder = new DotEncoder();
        foreach (var piece in SmtpText.Cut(text, cuts)) encoder.Encode(piece.Span, output);
        encoder.Complete(output);
        return output.WrittenSpan.ToArray();
    }

    private static byte[] Decode(byte[] wire, byte[] cuts, out bool complete, out int consumed)
    {
        var decoder = new DotDecoder();
        var text = new ArrayBufferWriter<byte>();
        consumed = 0;
        foreach (var piece in SmtpText.Cut(wire, cuts))
        {
            decoder.Decode(piece.Span, text.GetSpan(piece.Length + 1), out var taken, out var written);
            text.Advance(written);
            consumed += taken;
            if (decoder.IsComplete) break;
            taken.Should().Be(piece.Length);
        }
        complete = decoder.IsComplete;
        return text.WrittenSpan.ToArray();
    }
}
