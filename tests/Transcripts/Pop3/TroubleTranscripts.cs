using AwesomeAssertions;
using Merpati.Mailboxes;
using Merpati.Protocols.Wire;
using Merpati.TestKit;
using Xunit;

namespace Merpati.Tests.Transcripts.Pop3;

/// <summary>Hostile clients, faults and limits.</summary>
public sealed class TroubleTranscripts : Pop3Fixture
{
    [Fact]
    public async Task A_message_that_breaks_off_ends_the_connection_without_a_terminator()
    {
        Inbox.Add(new string('x', 200_000) + "\r\n");
        Inbox.Opened = stream => new BreakingStream(stream, after: 100_000, new IOException("disk"));
        await using var transcript = Start();
        await transcript.RunAsync(LogIn + "C: DELE 1\nS~ \\+OK .*\nC: RSET\nS~ \\+OK .*\nC> RETR 1\\r\\nQUIT\\r\\n\nS: +OK 200002 octets\n");
        (await transcript.ReadToEndAsync()).Should().MatchRegex("^x+$");
        Inbox.Uids.Should().ContainSingle();
    }

    [Fact]
    public async Task A_message_that_ends_early_is_no_whole_message()
    {
        Inbox.Add(new string('x', 200_000) + "\r\n");
        Inbox.Opened = stream => new BreakingStream(stream, after: 100_000, fault: null);
        await using var transcript = Start();
        await transcript.RunAsync(LogIn + "C: RETR 1\nS: +OK 200002 octets\n");
        (await transcript.ReadToEndAsync()).Should().MatchRegex("^x+$");
    }

    [Fact]
    public async Task Damage_that_shows_at_once_is_an_error_for_that_message_alone()
    {
        Inbox.Add("A: 1\r\n\r\n");
        Inbox.Opened = stream => new BreakingStream(stream, after: 0, new ContentDamagedException(new ContentId(Guid.Empty), "checksum"));
        await using var transcript = Start();
        await transcript.RunAsync(LogIn + "C: RETR 1\nS: -ERR [SYS/PERM] message is damaged\nC: TOP 1 0\nS: -ERR [SYS/PERM] message is damaged\n");
        Inbox.Opened = stream => stream;
        await transcript.RunAsync("C: RETR 1\nS: +OK 8 octets\nS: A: 1\nS: \nS: .\nC: QUIT\nS: +OK bye\n* closed");
    }

    [Fact]
    public async Task A_store_that_is_away_is_a_temporary_trouble()
    {
        Inbox.Add("A: 1\r\n\r\n");
        await using var transcript = Start();
        await transcript.RunAsync(LogIn);
        Inbox.Outage = new TimeoutException();
        await transcript.RunAsync("C: RETR 1\nS: -ERR [SYS/TEMP] internal trouble, try again later\n");
        Inbox.Outage = null;
        await transcript.RunAsync("C: RETR 1\nS: +OK 8 octets\nS: A: 1\nS: \nS: .\n");
    }

    [Fact]
    public async Task Long_lines_are_refused()
        => await RunAsync(LogIn + $"C: NOOP {new string('x', 506)}\nS: -ERR line is too long\nC: NOOP {new string('x', 100_000)}\nS: -ERR line is too long\nC: NOOP\nS: +OK\n");

    [Fact]
    public async Task A_long_initial_response_is_taken_and_a_long_answer_is_not()
    {
        var password = new string('x', 600);
        var response = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"\0ann@example.test\0{password}"));
        await RunAsync(Greeting + $"C: AUTH PLAIN {response}\nS: -ERR [AUTH] login or password is wrong\nC: AUTH PLAIN\nS: + \nC: {new string('A', 13_000)}\nS: -ERR line is too long\nC: QUIT\nS: +OK bye");
    }

    [Fact]
    public async Task Nothing_but_mistakes_ends_the_connection()
    {
        Settings = Settings with { MaxBadCommands = 3 };
        await RunAsync(Greeting + "C: XYZZY\nS: -ERR unknown command\nC> \\0\\xff\\r\\n\nS: -ERR that is no command\nC: GET / HTTP/1.1\nS: -ERR too many bad commands\n* closed");
        await RunAsync(LogIn + "C: XYZZY\nS~ -ERR .*\nC: XYZZY\nS~ -ERR .*\nC: NOOP\nS: +OK\nC: XYZZY\nS~ -ERR .*\nC: XYZZY\nS~ -ERR .*\nC: XYZZY\nS: -ERR too many bad commands\n* closed");
    }

    [Fact]
    public async Task A_client_that_never_logs_in_is_sent_away()
    {
        Settings = Settings with { MaxCommandsBeforeLogin = 4 };
        await RunAsync(Greeting + string.Concat(Enumerable.Repeat("C: UTF8\nS: +OK UTF-8 mode\n", 4)) + "C: UTF8\nS: -ERR too many commands before a login\n* closed");
        await RunAsync(Greeting + "* advance 2:00\nC: UTF8\nS: +OK UTF-8 mode\n* advance 1:00\n* closed");
    }

    [Fact]
    public async Task Wrong_passwords_end_the_connection()
    {
        Settings = Settings with { MaxFailedLogins = 2 };
        await RunAsync(Greeting + "C: USER a\nS: +OK send PASS\nC: PASS b\nS: -ERR [AUTH] login or password is wrong\nC: USER a\nS: +OK send PASS\nC: PASS b\nS: -ERR [AUTH] login or password is wrong\n* closed");
    }

    [Fact]
    public Task Silence_is_allowed_for_ten_minutes() => RunAsync(LogIn + "* advance 9:59\nC: NOOP\nS: +OK\n* advance 9:59\nC: NOOP\nS: +OK\n* advance 10:00\n* closed");

    [Fact]
    public async Task A_client_that_never_reads_does_not_hold_the_maildrop()
    {
        Inbox.Add(new string('x', 1_000_000) + "\r\n");
        await using var transcript = Start();
        await transcript.RunAsync(LogIn + "C: RETR 1\n");
        var session = transcript.SessionEndAsync();
        for (var waited = 0; !session.IsCompleted && waited < 1000; waited++)
        {
            Time.Advance(TimeSpan.FromMinutes(1));
            await Task.WhenAny(session, Task.Delay(10));
        }
        await session;
        Locks.IsHeld(Directory.Account.Id).Should().BeFalse();
    }

    [Fact]
    public async Task A_client_that_is_gone_does_not_hold_the_maildrop()
    {
        Inbox.Add(new string('x', 1_000_000) + "\r\n");
        await using var transcript = Start();
        await transcript.RunAsync(LogIn + "C: RETR 1\n");
        await ((PipeTransport)transcript.Client()).CloseAsync();
        await transcript.SessionEndAsync();
        Locks.IsHeld(Directory.Account.Id).Should().BeFalse();
    }

    [Fact]
    public async Task Draining_answers_what_was_sent_and_then_says_so()
        => await RunAsync(LogIn + "* drain\nS: -ERR [SYS/TEMP] server is shutting down\n* closed");

    [Fact]
    public async Task Aborting_ends_the_session_and_frees_the_maildrop()
    {
        using var aborted = new CancellationTokenSource();
        var (server, client) = PipeTransport.CreatePair();
        await using var _ = Start();
        var session = new Merpati.Protocols.Pop3.Pop3Connection(server, new Merpati.Protocols.Pop3.Pop3Ports(Directory, Inbox, Locks, Telemetry), Settings, Time, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance)
            .RunAsync(new SessionLifetime(CancellationToken.None, aborted.Token));
        await client.Output.WriteAsync("USER ann@example.test\r\nPASS correct horse\r\n"u8.ToArray());
        var reader = new LineReader(client, TimeProvider.System);
        for (var line = 0; line < 3; line++) (await reader.ReadLineAsync(1000, TimeSpan.FromSeconds(20), default)).Status.Should().Be(LineStatus.Line);
        Locks.IsHeld(Directory.Account.Id).Should().BeTrue();
        await aborted.CancelAsync();
        await session;
        Locks.IsHeld(Directory.Account.Id).Should().BeFalse();
    }

    /// <summary>Fails, or just ends, after so many octets.</summary>
    private sealed class BreakingStream(Stream inner, int after, Exception? fault) : MemoryStream
    {
        private int _left = after;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_left == 0) return fault is null ? 0 : throw fault;
            var read = await inner.ReadAsync(buffer[..Math.Min(_left, buffer.Length)], cancellationToken);
            _left -= read;
            return read;
        }
    }
}
