using System.IO.Compression;
using System.IO.Pipelines;
using System.Text;
using AwesomeAssertions;
using Merpati.Protocols.Imap;
using Merpati.Protocols.Wire;
using Merpati.TestKit;
using Xunit;

namespace Merpati.Tests.Unit.Protocols.Imap;

/// <summary>A search that goes on after its client went away, and one whose client only has more to say.</summary>
public sealed class GoneClientTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly TaskCompletionSource<CancellationToken> _searching = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _found = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Theory]
    [InlineData("SEARCH ALL")]
    [InlineData("UID SEARCH RETURN (COUNT) BODY x")]
    public async Task A_search_is_stopped_when_its_client_has_closed_the_connection(string search)
    {
        var server = await ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync($"{Selected}C: s {search}");
        var stop = await _searching.Task.WaitAsync(Patience);
        await ((PipeTransport)transcript.Client()).CloseAsync();
        await AdvanceUntilAsync(server, () => stop.IsCancellationRequested);
        await transcript.SessionEndAsync();
    }

    [Fact]
    public async Task And_so_is_one_with_other_commands_behind_it()
    {
        var server = await ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Selected + @"C> s SEARCH ALL\r\nt STORE 1 +FLAGS (\\Seen)\r\n");
        var stop = await _searching.Task.WaitAsync(Patience);
        await ((PipeTransport)transcript.Client()).CloseAsync();
        await AdvanceUntilAsync(server, () => stop.IsCancellationRequested);
        await transcript.SessionEndAsync();
        (await server.MessagesAsync("INBOX")).Should().OnlyContain(message => !message.Flags.Has(Merpati.Mailboxes.SystemFlags.Seen));
    }

    [Fact]
    public async Task Commands_that_come_meanwhile_are_run_afterwards_and_in_order()
    {
        var server = await ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Selected + @"C> s SEARCH ALL\r\nt NOOP\r\nu STATUS IN");
        await _searching.Task.WaitAsync(Patience);
        await AdvanceUntilAsync(server, () => transcript.Server().IsWaiting);
        await transcript.RunAsync(@"C> BOX (MESSAGES)\r\nv NOOP\r\n");
        await server.DeliverAsync("Subject: y\n\nhello\n");
        _found.SetResult();
        await transcript.RunAsync("""
            S: * SEARCH 1 2 3
            S: * 4 EXISTS
            S: * 4 RECENT
            S: s OK SEARCH completed
            S: t OK NOOP completed
            S: * STATUS INBOX (MESSAGES 4)
            S: u OK STATUS completed
            S: v OK NOOP completed
            """);
    }

    [Fact]
    public async Task A_bell_that_rings_under_a_search_is_heard_after_it()
    {
        var server = await ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Selected + """
            C: n NOTIFY SET (selected (MessageNew MessageExpunge)) (personal (MessageNew MessageExpunge))
            S: n OK NOTIFY completed
            C: s SEARCH ALL
            """);
        await _searching.Task.WaitAsync(Patience);
        await AdvanceUntilAsync(server, () => transcript.Server().IsWaiting);
        await server.DeliverAsync("Subject: y\n\nhello\n", "Archive");
        _found.SetResult();
        await transcript.RunAsync("""
            S: * SEARCH 1 2 3
            S: s OK SEARCH completed
            S~ \* STATUS Archive .*
            """);
    }

    [Fact]
    public async Task A_flood_of_commands_waits_in_the_connection_and_not_in_the_session()
    {
        const int Threshold = 1024 * 1024;
        var server = await ServerAsync();
        await using var transcript = server.Transcript(new TransportSettings { PauseThreshold = Threshold });
        await transcript.RunAsync(Selected + "C: s SEARCH ALL");
        await _searching.Task.WaitAsync(Patience);
        var noops = string.Concat(Enumerable.Repeat("n NOOP\r\n", ClientWatch.MaxReadAhead / 8));
        await transcript.Client().Output.WriteAsync(Encoding.ASCII.GetBytes(noops));
        var before = transcript.Server().Seen;
        await AdvanceUntilAsync(server, () => transcript.Server().Seen > before && !transcript.Server().IsWaiting);
        var seen = transcript.Server().Seen;
        await transcript.Client().Output.WriteAsync(Encoding.ASCII.GetBytes(noops));
        server.Time.Advance(Second * 60);
        transcript.Server().Seen.Should().Be(seen);
        _found.SetResult();
        await transcript.RunAsync("S: * SEARCH 1 2 3\nS: s OK SEARCH completed\n" + string.Concat(Enumerable.Repeat("S: n OK NOOP completed\n", ClientWatch.MaxReadAhead / 4)));
    }

    [Fact]
    public async Task Compression_changes_nothing_of_that()
    {
        var server = await ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Selected + "C: z COMPRESS DEFLATE\nS: z OK Compressed from here on");
        await using var deflated = new DeflateStream(transcript.Client().Output.AsStream(leaveOpen: true), CompressionLevel.Fastest);
        await using var inflated = new DeflateStream(transcript.Client().Input.AsStream(leaveOpen: true), CompressionMode.Decompress);
        using var answers = new StreamReader(inflated, Encoding.ASCII);
        await SendAsync("s SEARCH ALL\r\nt NOOP\r\n");
        var stop = await _searching.Task.WaitAsync(Patience);
        await AdvanceUntilAsync(server, () => transcript.Server().IsWaiting);
        await SendAsync("u NOOP\r\nv SEARCH ALL\r\n");
        _found.SetResult();
        foreach (var expected in (string[])["* SEARCH 1 2 3", "s OK SEARCH completed", "t OK NOOP completed", "u OK NOOP completed", "* SEARCH 1 2 3", "v OK SEARCH completed"])
            (await answers.ReadLineAsync().WaitAsync(Patience)).Should().Be(expected);
        stop.IsCancellationRequested.Should().BeFalse();

        async Task SendAsync(string commands)
        {
            await deflated.WriteAsync(Encoding.ASCII.GetBytes(commands));
            await deflated.FlushAsync();
        }
    }

    private const string Selected = """
        S~ \* OK .*
        C: a LOGIN ann@example.test secret
        S~ a OK .*
        C: b SELECT INBOX
        S~ \* FLAGS .*
        S~ .*PERMANENTFLAGS.*
        S: * 3 EXISTS
        S: * 3 RECENT
        S~ .*UNSEEN.*
        S~ .*UIDVALIDITY.*
        S~ .*UIDNEXT.*
        S~ .*HIGHESTMODSEQ.*
        S~ .*MAILBOXID.*
        S: b OK [READ-WRITE] SELECT completed

        """;

    /// <summary>The clock goes on until the session has noticed.</summary>
    private static async Task AdvanceUntilAsync(ImapTestServer server, Func<bool> noticed)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!noticed())
        {
            patience.Token.ThrowIfCancellationRequested();
            server.Time.Advance(Second);
            await Task.Yield();
        }
    }

    private async Task<ImapTestServer> ServerAsync()
    {
        // Progress is told of elsewhere; here the clock runs fast.
        var server = new ImapTestServer(new ImapOptions { AllowPlaintextAuth = true, ProgressInterval = TimeSpan.FromDays(30), IdleTimeout = TimeSpan.FromDays(30) });
        for (var i = 0; i < 3; i++) await server.DeliverAsync("Subject: x\n\nhello\n");
        server.Memory.Searching = async cancellationToken =>
        {
            _searching.TrySetResult(cancellationToken);
            await _found.Task.WaitAsync(cancellationToken);
        };
        return server;
    }
}
