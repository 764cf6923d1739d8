using System.Buffers;
using System.Text;
using AwesomeAssertions;
using FsCheck.Xunit;
using Merpati.Protocols.Smtp.Client;
using Xunit;

namespace Merpati.Tests.Unit.Protocols.Smtp.Client;

/// <summary>Replies of servers (RFC 5321 §4.2), good and bad.</summary>
public sealed class ReplyParserTests
{
    [Theory]
    [InlineData("250 2.1.5 ok\r\n", 250, "2.1.5", "250 2.1.5 ok")]
    [InlineData("550-5.1.1 no such user\r\n550 5.1.1 here\r\n", 550, "5.1.1", "550 5.1.1 no such user here")]
    [InlineData("250\r\n", 250, null, "250")]
    [InlineData("250 \r\n", 250, null, "250")]
    [InlineData("250-\r\n250-a\r\n250\r\n", 250, null, "250 a")]
    [InlineData("450 5.1.1 another class\r\n", 450, null, "450 5.1.1 another class")]
    [InlineData("550 5.1 half a code\r\n", 550, null, "550 5.1 half a code")]
    [InlineData("550 5.1.1000 too long\r\n", 550, null, "550 5.1.1000 too long")]
    [InlineData("550 5.1.1\r\n", 550, "5.1.1", "550 5.1.1")]
    [InlineData("250-one\n550 other code\n", 550, null, "550 one other code")]
    [InlineData("250 a\tb\r\n", 250, null, "250 a?b")]
    [InlineData("554 \u001b[31mred\u202e\r\n", 554, null, "554 ?[31mred?")]
    [InlineData("250 grüße\r\n", 250, null, "250 grüße")]
    public void A_reply_is_kept_whole_and_shown_in_one_line(string wire, int code, string? enhanced, string shown)
    {
        var reply = Read(Encoding.UTF8.GetBytes(wire), out var progress);
        progress.Should().Be(ReplyProgress.Complete);
        reply!.Code.Should().Be(code);
        reply.Enhanced.Should().Be(enhanced);
        reply.ToString().Should().Be(shown);
    }

    [Fact]
    public void Octets_that_are_not_UTF8_are_kept_as_Latin1()
        => Read([.. "550 caf"u8, 0xe9, .. "\r\n"u8], out _)!.Lines.Should().Equal("café");

    [Theory]
    [InlineData("\r\n")]
    [InlineData("25\r\n")]
    [InlineData("2x0 ok\r\n")]
    [InlineData("150 ok\r\n")]
    [InlineData("650 ok\r\n")]
    [InlineData("2500 ok\r\n")]
    [InlineData("250-ok\r\nwhat\r\n")]
    public void What_is_no_reply_is_malformed(string wire)
    {
        Read(Encoding.ASCII.GetBytes(wire), out var progress).Should().BeNull();
        progress.Should().Be(ReplyProgress.Malformed);
    }

    [Fact]
    public void A_line_that_is_too_long_is_cut_and_still_counts()
    {
        var reply = Read(Encoding.ASCII.GetBytes("250 " + new string('x', 10_000) + "\r\n"), out _)!;
        reply.Code.Should().Be(250);
        reply.Lines.Single().Length.Should().Be(ReplyParser.MaxLine - 4);
    }

    [Theory]
    [InlineData("250-and so on\r\n")]
    [InlineData("x")]
    public void A_reply_without_an_end_is_malformed(string piece)
    {
        var parser = new ReplyParser();
        var input = new ReadOnlySequence<byte>(Encoding.ASCII.GetBytes(piece));
        var progress = ReplyProgress.Incomplete;
        for (var octets = 0; progress == ReplyProgress.Incomplete && octets <= ReplyParser.MaxReply; octets += piece.Length) progress = parser.Read(input, out _, out _);
        progress.Should().Be(ReplyProgress.Malformed);
    }

    [Fact]
    public void Two_replies_are_read_one_after_the_other()
    {
        var parser = new ReplyParser();
        var input = new ReadOnlySequence<byte>("250 one\r\n354 two\r\n"u8.ToArray());
        parser.Read(input, out var consumed, out var first);
        parser.Read(input.Slice(consumed), out consumed, out var second);
        (first!.Code, second!.Code).Should().Be((250, 354));
        input.Slice(consumed).IsEmpty.Should().BeTrue();
    }

    [Property(MaxTest = 2000)]
    public void It_never_throws_and_cuts_do_not_matter(byte[] octets, byte cut)
    {
        // Of random octets few begin like a reply.
        byte[] input = cut % 2 == 0 ? octets : [.. "250-"u8, .. octets, .. "\r\n250 end\r\n"u8];
        var whole = Read(input, out var progress);
        var parser = new ReplyParser();
        RemoteReply? pieced = null;
        var piecedProgress = ReplyProgress.Incomplete;
        for (var i = 0; i < input.Length && piecedProgress == ReplyProgress.Incomplete;)
        {
            var piece = new ReadOnlySequence<byte>(input.AsMemory(i, Math.Min(1 + (cut % 7), input.Length - i)));
            piecedProgress = parser.Read(piece, out var consumed, out pieced);
            i += (int)piece.Slice(0, consumed).Length;
        }
        piecedProgress.Should().Be(progress);
        pieced.Should().Be(whole);
        whole?.ToString().Should().NotContainAny("\r", "\n", "\0");
    }

    private static RemoteReply? Read(byte[] wire, out ReplyProgress progress)
    {
        progress = new ReplyParser().Read(new ReadOnlySequence<byte>(wire), out _, out var reply);
        return reply;
    }
}
