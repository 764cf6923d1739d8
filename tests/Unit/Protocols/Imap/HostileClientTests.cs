using System.Collections.Concurrent;
using System.Text;
using AwesomeAssertions;
using FsCheck.Xunit;
using Merpati.Protocols.Imap;
using Merpati.Protocols.Wire;
using Merpati.TestKit;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Merpati.Tests.Unit.Protocols.Imap;

/// <summary>Whatever a client sends, the session answers or ends, and nothing of it is a fault of ours.</summary>
public sealed class HostileClientTests
{
    private static readonly string[] Fragments =
    [
        "a ", "b ", "\r\n", "\r\n", "\n", " ", " ", "(", ")", "\"", "\\", "{3}\r\n", "{3+}\r\n", "{0+}\r\n", "{70000+}\r\n", "{9999999999}\r\n", "abc", "1", "1:*", "*", "4294967295",
        "INBOX", "Archive", "FETCH ", "UID ", "STORE ", "+FLAGS ", "(\\Deleted)", "SEARCH ", "NOT ", "OR ", "COPY ", "MOVE ", "EXPUNGE", "APPEND ", "IDLE", "DONE", "LIST ", "\"\" ",
        "CREATE ", "DELETE ", "RENAME ", "SELECT ", "EXAMINE ", "CLOSE", "NOOP", "LOGOUT", "AUTHENTICATE PLAIN", "STATUS ", "(MESSAGES)", "BODY[", "]", "<0.5>", "BODY[]", "ENVELOPE", "ALL", "\0", "\xff", "&", "%",
        "a NOOP\r\n", "a UID FETCH 1:* (FLAGS BODY.PEEK[HEADER])\r\n", "a STORE 1:* +FLAGS (\\Deleted)\r\n", "a EXPUNGE\r\n", "a APPEND INBOX {5+}\r\nhello\r\n", "a SELECT INBOX\r\n", "a IDLE\r\nDONE\r\n",
    ];

    [Property(MaxTest = 300)]
    public void Nonsense_before_login(byte[] choices) => Run(choices, "");

    [Property(MaxTest = 300)]
    public void Nonsense_with_a_mailbox_selected(byte[] choices) => Run(choices, "a LOGIN ann@example.test secret\r\nb SELECT INBOX\r\n");

    [Fact]
    public async Task Octets_one_by_one_are_a_command_all_the_same()
    {
        var (server, log) = await ServerAsync();
        await using var transcript = server.Transcript();
        foreach (var octet in "a LOGIN {16+}\r\nann@example.test {6+}\r\nsecret\r\nb APPEND INBOX {5+}\r\nhello\r\nc LOGOUT\r\n"u8.ToArray())
            await transcript.Client().Output.WriteAsync(new[] { octet });
        var said = await transcript.ReadToEndAsync();
        said.Should().Contain("a OK").And.Contain("b OK [APPENDUID").And.Contain("c OK");
        log.Faults.Should().BeEmpty();
    }

    [Fact]
    public async Task A_line_without_end_does_not_fill_the_memory()
    {
        var (server, log) = await ServerAsync();
        await using var transcript = server.Transcript();
        var end = transcript.ReadToEndAsync();
        var block = Encoding.ASCII.GetBytes(new string('x', 65536));
        for (var i = 0; i < 200 && !end.IsCompleted; i++)
        {
            var written = await transcript.Client().Output.WriteAsync(block);
            if (written.IsCompleted) break;
        }
        (await end).Should().Contain("* BYE Too much at once");
        log.Faults.Should().BeEmpty();
    }

    [Fact]
    public async Task Answers_to_a_flood_of_commands_do_not_pile_up()
    {
        const int Threshold = 1024 * 1024;
        var (server, _) = await ServerAsync();
        var (serverEnd, client) = PipeTransport.CreatePair(new TransportSettings { PauseThreshold = Threshold });
        var flood = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("a NOOP\r\n", Threshold / 8 - 1)));
        await client.Output.WriteAsync(flood);
        await client.CloseOutputAsync();
        var session = server.ServeAsync(serverEnd, new SessionLifetime(CancellationToken.None, CancellationToken.None)).AsTask();
        // All there is at once: what the session has written when it sends for the first time, and what it sends until the connection takes no more.
        var answered = 0L;
        while (true)
        {
            var read = await client.Input.ReadAsync();
            read.Buffer.Length.Should().BeLessThan(Threshold + 64 * 1024);
            answered += read.Buffer.Length;
            client.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted || session.IsCompleted && read.Buffer.IsEmpty) break;
            if (session.IsCompleted) await serverEnd.CloseAsync();
        }
        await session;
        answered.Should().BeGreaterThan(2 * flood.Length);
    }

    private static void Run(byte[] choices, string start)
    {
        var text = new StringBuilder(start);
        foreach (var choice in choices) text.Append(Fragments[choice % Fragments.Length]);
        // FsCheck runs properties synchronously.
#pragma warning disable VSTHRD002, RS0030
        RunAsync(Encoding.Latin1.GetBytes(text.ToString())).GetAwaiter().GetResult();
#pragma warning restore VSTHRD002, RS0030
    }

    private static async Task RunAsync(byte[] octets)
    {
        var (server, log) = await ServerAsync();
        var (serverEnd, client) = PipeTransport.CreatePair(new TransportSettings { PauseThreshold = 1024 * 1024 });
        await client.Output.WriteAsync(octets);
        await client.CloseOutputAsync();
        await server.ServeAsync(serverEnd, new SessionLifetime(CancellationToken.None, CancellationToken.None)).AsTask().WaitAsync(TimeSpan.FromSeconds(30));
        log.Faults.Should().BeEmpty();
        await serverEnd.CloseAsync();
        var said = await client.Input.ReadAsync();
        // Every line is a response: untagged, a continuation, or tagged with what the client may have sent as a tag.
        Encoding.Latin1.GetString(System.Buffers.BuffersExtensions.ToArray(said.Buffer)).Should().StartWith("* OK [CAPABILITY ");
    }

    private static async Task<(ImapTestServer Server, FaultLog Log)> ServerAsync()
    {
        var log = new FaultLog();
        var server = new ImapTestServer(new ImapOptions { AllowPlaintextAuth = true }, log);
        for (var i = 0; i < 3; i++) await server.DeliverAsync("Subject: x\n\nhello\n");
        return (server, log);
    }

    /// <summary>Keeps what was logged as an error.</summary>
    private sealed class FaultLog : ILogger
    {
        public ConcurrentQueue<string> Faults { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel >= LogLevel.Warning) Faults.Enqueue(formatter(state, exception) + exception);
        }
    }
}
