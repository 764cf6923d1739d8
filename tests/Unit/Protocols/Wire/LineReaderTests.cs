using System.IO.Pipelines;
using System.Text;
using AwesomeAssertions;
using Merpati.Protocols.Wire;
using Merpati.TestKit;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Merpati.Tests.Unit.Protocols.Wire;

public sealed class LineReaderTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(5);

    private readonly FakeTimeProvider _time = new();
    private readonly PipeTransport _server;
    private readonly PipeTransport _client;
    private readonly LineReader _reader;

    public LineReaderTests()
    {
        (_server, _client) = PipeTransport.CreatePair();
        _reader = new LineReader(_server, _time);
    }

    [Fact]
    public async Task A_line_split_at_any_octet_is_the_same_line()
    {
        var octets = "RETR 17\r\n"u8.ToArray();
        for (var cut = 0; cut <= octets.Length; cut++)
        {
            await SendAsync(octets[..cut]);
            var line = ReadAsync();
            await SendAsync(octets[cut..]);
            Text(await line).Should().Be("RETR 17");
        }
    }

    [Fact]
    public async Task Octet_by_octet_is_the_same_line()
    {
        var line = ReadAsync();
        foreach (var octet in "a b\rc\r\n"u8.ToArray()) await SendAsync([octet]);
        Text(await line).Should().Be("a b\rc");
    }

    [Fact]
    public async Task Pipelined_lines_come_one_by_one()
    {
        await SendAsync("one\r\ntwo\r\n\r\nthree\r\nhal"u8.ToArray());
        Text(await ReadAsync()).Should().Be("one");
        Text(await ReadAsync()).Should().Be("two");
        Text(await ReadAsync()).Should().BeEmpty();
        Text(await ReadAsync()).Should().Be("three");
        await SendAsync("f\r\n"u8.ToArray());
        Text(await ReadAsync()).Should().Be("half");
    }

    [Theory]
    [InlineData("bare\n", "bare", true)]
    [InlineData("\n", "", true)]
    [InlineData("\r\n", "", false)]
    [InlineData("cr in\rside\r\n", "cr in\rside", false)]
    [InlineData("two\r\r\n", "two\r", false)]
    public async Task Line_ends_are_told_apart(string sent, string content, bool bareLf)
    {
        await SendAsync(Encoding.Latin1.GetBytes(sent));
        var line = await ReadAsync();
        Text(line).Should().Be(content);
        line.EndedInBareLf.Should().Be(bareLf);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(9)]
    public async Task A_line_of_the_limit_is_taken(int length)
    {
        await SendAsync(Encoding.ASCII.GetBytes(new string('x', length) + "\r\n"));
        (await ReadAsync(maxLength: 10)).Line.Should().HaveCount(length);
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    [InlineData(1000)]
    public async Task A_longer_line_is_dropped_whole_and_the_next_is_read(int length)
    {
        await SendAsync(Encoding.ASCII.GetBytes(new string('x', length) + "\r\nnext\r\n"));
        (await ReadAsync(maxLength: 10)).Status.Should().Be(LineStatus.TooLong);
        Text(await ReadAsync(maxLength: 10)).Should().Be("next");
    }

    [Fact]
    public async Task A_line_far_over_the_limit_takes_bounded_memory()
    {
        // The pipe lets its writer wait at 64 KiB: if the reader kept the line, this would never end.
        var line = ReadAsync(maxLength: 510);
        var chunk = new byte[4096];
        for (var i = 0; i < 200; i++) await SendAsync(chunk);
        line.IsCompleted.Should().BeFalse();
        await SendAsync("\r\nnext\r\n"u8.ToArray());
        (await line).Status.Should().Be(LineStatus.TooLong);
        Text(await ReadAsync()).Should().Be("next");
    }

    [Fact]
    public async Task A_line_without_end_is_given_up()
    {
        var line = ReadAsync(maxLength: 510);
        var chunk = new byte[4096];
        for (var sent = 0; sent < 1024 * 1024 - 32 * 1024; sent += chunk.Length) await SendAsync(chunk);
        line.IsCompleted.Should().BeFalse();
        await SendAsync(new byte[48 * 1024]);
        (await line).Status.Should().Be(LineStatus.Endless);
    }

    [Fact]
    public async Task The_limit_holds_for_a_line_that_comes_in_pieces()
    {
        var line = ReadAsync(maxLength: 10);
        await SendAsync("12345678901"u8.ToArray());
        await SendAsync("\r\nnext\r\n"u8.ToArray());
        (await line).Status.Should().Be(LineStatus.TooLong);
        Text(await ReadAsync()).Should().Be("next");
    }

    [Theory]
    [InlineData("")]
    [InlineData("half a line")]
    [InlineData("a line that is longer than the limit and has no end")]
    public async Task The_peer_closes(string before)
    {
        await SendAsync(Encoding.ASCII.GetBytes(before));
        await _client.CloseOutputAsync();
        (await ReadAsync(maxLength: 20)).Status.Should().Be(LineStatus.Closed);
    }

    [Fact]
    public async Task Whole_lines_before_the_close_are_still_read()
    {
        await SendAsync("one\r\ntwo\r\nhalf"u8.ToArray());
        await _client.CloseOutputAsync();
        Text(await ReadAsync()).Should().Be("one");
        Text(await ReadAsync()).Should().Be("two");
        (await ReadAsync()).Status.Should().Be(LineStatus.Closed);
    }

    [Fact]
    public async Task Silence_times_out()
    {
        var line = ReadAsync();
        _time.Advance(Timeout - TimeSpan.FromSeconds(1));
        line.IsCompleted.Should().BeFalse();
        _time.Advance(TimeSpan.FromSeconds(1));
        (await line).Status.Should().Be(LineStatus.TimedOut);
    }

    [Fact]
    public async Task A_drip_of_octets_does_not_stretch_the_time()
    {
        var line = ReadAsync();
        for (var second = 0; second < 300; second++)
        {
            line.IsCompleted.Should().BeFalse();
            await SendAsync("x"u8.ToArray());
            _time.Advance(TimeSpan.FromSeconds(1));
        }
        (await line).Status.Should().Be(LineStatus.TimedOut);
    }

    [Fact]
    public async Task Draining_ends_the_wait_but_not_what_was_pipelined()
    {
        using var draining = new CancellationTokenSource();
        var lifetime = new SessionLifetime(draining.Token, CancellationToken.None);
        var line = _reader.ReadLineAsync(100, Timeout, lifetime).AsTask();
        await draining.CancelAsync();
        (await line).Status.Should().Be(LineStatus.Draining);

        await SendAsync("one\r\ntwo\r\nhal"u8.ToArray());
        Text(await _reader.ReadLineAsync(100, Timeout, lifetime)).Should().Be("one");
        Text(await _reader.ReadLineAsync(100, Timeout, lifetime)).Should().Be("two");
        (await _reader.ReadLineAsync(100, Timeout, lifetime)).Status.Should().Be(LineStatus.Draining);
    }

    [Fact]
    public async Task Aborting_throws()
    {
        using var aborted = new CancellationTokenSource();
        var line = _reader.ReadLineAsync(100, Timeout, new SessionLifetime(CancellationToken.None, aborted.Token)).AsTask();
        await aborted.CancelAsync();
        await line.Invoking(task => task).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task A_broken_connection_is_a_closed_one()
    {
        var line = ReadAsync();
        await _client.Output.CompleteAsync(new IOException("reset by peer"));
        (await line).Status.Should().Be(LineStatus.Closed);
    }

    [Fact]
    public async Task A_connection_that_broke_before_the_read_is_a_closed_one()
    {
        await _client.Output.CompleteAsync(new IOException("reset by peer"));
        (await ReadAsync()).Status.Should().Be(LineStatus.Closed);
    }

    [Fact]
    public async Task It_tells_whether_a_whole_line_waits()
    {
        _reader.LineWaits().Should().BeFalse();
        await SendAsync("one\r"u8.ToArray());
        _reader.LineWaits().Should().BeFalse();
        await SendAsync("\nhal"u8.ToArray());
        _reader.LineWaits().Should().BeTrue();
        Text(await ReadAsync()).Should().Be("one");
        _reader.LineWaits().Should().BeFalse();
        await SendAsync("f\r\n"u8.ToArray());
        Text(await ReadAsync()).Should().Be("half");
    }

    private Task<LineResult> ReadAsync(int maxLength = 100) => _reader.ReadLineAsync(maxLength, Timeout, default).AsTask();

    private async Task SendAsync(byte[] octets) => await _client.Output.WriteAsync(octets);

    private static string Text(LineResult line)
    {
        line.Status.Should().Be(LineStatus.Line);
        return Encoding.Latin1.GetString(line.Line);
    }
}
