using System.IO.Compression;
using System.Text;
using AwesomeAssertions;
using Merpati.TestKit;
using Xunit;

namespace Merpati.Tests.Unit.Protocols.Imap;

/// <summary>COMPRESS=DEFLATE (RFC 4978), as a client sees it.</summary>
public sealed class CompressionTests
{
    private static readonly string Greeted = """
        S~ \* OK .*
        C: 1 LOGIN ann@example.test secret
        S~ 1 OK .*COMPRESS=DEFLATE.*
        C: 2 COMPRESS DEFLATE
        S: 2 OK Compressed from here on

        """;

    [Fact]
    public async Task Commands_and_answers_are_compressed_and_each_answer_can_be_read_at_once()
    {
        var server = new ImapTestServer();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Greeted);
        await using var client = new Compressed(transcript.Client());
        await client.SendAsync("3 NOOP\r\n");
        (await client.ReadLineAsync()).Should().Be("3 OK NOOP completed");
        await client.SendAsync("4 COMPRESS DEFLATE\r\n5 CAPABILITY\r\n");
        (await client.ReadLineAsync()).Should().Be("4 NO [COMPRESSIONACTIVE] The connection is compressed already");
        (await client.ReadLineAsync()).Should().StartWith("* CAPABILITY ").And.NotContain("COMPRESS=DEFLATE");
        (await client.ReadLineAsync()).Should().Be("5 OK CAPABILITY completed");
        var body = string.Concat(Enumerable.Repeat("All work and no play\r\n", 20_000));
        await client.SendAsync($"6 APPEND INBOX {{{body.Length + 8}+}}\r\na: b\r\n\r\n{body}\r\n");
        (await client.ReadLineAsync()).Should().StartWith("6 OK [APPENDUID ");
        await client.SendAsync("7 EXAMINE INBOX\r\n8 FETCH 1 BODY.PEEK[TEXT]\r\n");
        while (await client.ReadLineAsync() is var line && !line.StartsWith("* 1 FETCH", StringComparison.Ordinal)) { }
        for (var i = 0; i < 20_000; i++) (await client.ReadLineAsync()).Should().Be("All work and no play");
        (await client.ReadLineAsync()).Should().Be(")");
        (await client.ReadLineAsync()).Should().Be("8 OK FETCH completed");
        // IDLE is woken under compression too.
        await client.SendAsync("9 IDLE\r\n");
        (await client.ReadLineAsync()).Should().Be("+ idling");
        await server.DeliverAsync("a: b\n\nc\n");
        (await client.ReadLineAsync()).Should().Be("* 2 EXISTS");
        (await client.ReadLineAsync()).Should().Be("* 2 RECENT");
        await client.SendAsync("DONE\r\n");
        (await client.ReadLineAsync()).Should().Be("9 OK IDLE completed");
        await client.SendAsync("10 LOGOUT\r\n");
        (await client.ReadLineAsync()).Should().StartWith("* BYE");
    }

    /// <summary>A thousand to one: the line is too long long before it is expanded, and memory stays small.</summary>
    [Fact]
    public async Task Octets_that_expand_without_end_meet_the_limits_of_the_grammar()
    {
        var server = new ImapTestServer();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Greeted);
        var end = transcript.SessionEndAsync();
        await using var client = new Compressed(transcript.Client());
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var piece = new string('x', 1_000_000);
        try
        {
            for (var sent = 0; sent < 200; sent++) await client.SendAsync(piece);
        }
        catch (Exception closed) when (closed is InvalidOperationException or IOException) { }
        await end;
        (GC.GetTotalMemory(forceFullCollection: true) - before).Should().BeLessThan(50_000_000);
    }

    [Fact]
    public async Task What_is_no_deflate_stream_ends_the_connection()
    {
        var server = new ImapTestServer();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Greeted);
        var end = transcript.SessionEndAsync();
        await transcript.Client().Output.WriteAsync(Encoding.ASCII.GetBytes("3 NOOP\r\n this was never compressed at all\r\n"));
        await end;
    }

    private sealed class Compressed : IAsyncDisposable
    {
        private readonly Merpati.Protocols.Wire.ITransport _transport;
        private readonly DeflateStream _up;
        private readonly StreamReader _down;

        public Compressed(Merpati.Protocols.Wire.ITransport transport)
        {
            _transport = transport;
            _up = new DeflateStream(transport.Output.AsStream(leaveOpen: true), CompressionLevel.Optimal, leaveOpen: true);
            _down = new StreamReader(new DeflateStream(transport.Input.AsStream(leaveOpen: true), CompressionMode.Decompress), Encoding.ASCII);
        }

        public async Task SendAsync(string text)
        {
            await _up.WriteAsync(Encoding.ASCII.GetBytes(text));
            await _up.FlushAsync();
            await _transport.Output.FlushAsync();
        }

        public async Task<string> ReadLineAsync() => await _down.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(30)) ?? throw new EndOfStreamException();

        public ValueTask DisposeAsync()
        {
            _down.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
