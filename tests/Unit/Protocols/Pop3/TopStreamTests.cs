using System.Text;
using AwesomeAssertions;
using Merpati.Protocols.Pop3.Commands;
using Xunit;

namespace Merpati.Tests.Unit.Protocols.Pop3;

public sealed class TopStreamTests
{
    private const string Message = "A: 1\r\nB: 2\r\n\r\none\r\n\r\nthree\r\n";

    [Theory]
    [InlineData(Message, 0, "A: 1\r\nB: 2\r\n\r\n")]
    [InlineData(Message, 1, "A: 1\r\nB: 2\r\n\r\none\r\n")]
    [InlineData(Message, 2, "A: 1\r\nB: 2\r\n\r\none\r\n\r\n")]
    [InlineData(Message, 3, Message)]
    [InlineData(Message, long.MaxValue, Message)]
    [InlineData("A: 1\r\n", 5, "A: 1\r\n")]
    [InlineData("\r\nbody\r\n", 0, "\r\n")]
    [InlineData("", 0, "")]
    [InlineData("A: 1\n\none\ntwo\n", 1, "A: 1\n\none\n")]
    [InlineData("A: 1\r\n\r\nlast without end", 1, "A: 1\r\n\r\nlast without end")]
    public async Task Header_and_lines_wherever_the_chunks_are_cut(string message, long lines, string expected)
    {
        for (var chunk = 1; chunk <= Math.Max(1, message.Length); chunk++)
        {
            await using var top = new Top.TopStream(new MemoryStream(Encoding.ASCII.GetBytes(message)), message.Length, lines);
            var result = new StringBuilder();
            var buffer = new byte[chunk];
            for (int read; (read = await top.ReadAsync(buffer)) > 0;) result.Append(Encoding.ASCII.GetString(buffer, 0, read));
            result.ToString().Should().Be(expected, "cut into chunks of {0}", chunk);
        }
    }

    [Fact]
    public async Task A_message_that_ends_early_is_a_fault()
    {
        await using var top = new Top.TopStream(new MemoryStream("A: 1\r\n"u8.ToArray()), 100, 5);
        await top.Invoking(async stream => await stream.CopyToAsync(Stream.Null)).Should().ThrowAsync<EndOfStreamException>();
    }
}
