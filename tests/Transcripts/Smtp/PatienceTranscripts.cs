using AwesomeAssertions;
using Xunit;

namespace Merpati.Tests.Transcripts.Smtp;

/// <summary>Slow clients, silent clients, and a server that shuts down.</summary>
public sealed class PatienceTranscripts : SmtpTranscript
{
    [Fact]
    public async Task A_client_that_says_nothing_is_let_go()
    {
        await using var transcript = Start();
        await transcript.RunAsync(Hello);
        await transcript.RunAsync("""
            * advance 5:00
            S: 421 4.4.2 Timed out, closing the connection
            * closed
            """);
    }

    [Fact]
    public async Task A_client_that_stops_in_the_middle_of_a_message_is_let_go()
    {
        await using var transcript = Start();
        await transcript.RunAsync(Recipient + """
            C: DATA
            S: 354 Start mail input; end with <CRLF>.<CRLF>
            C: hello
            """);
        await transcript.RunAsync("""
            * advance 3:00
            S: 421 4.4.2 Timed out, closing the connection
            * closed
            """);
        Session.OpenReceivers.Should().Be(0);
    }

    [Fact]
    public async Task A_session_has_an_end()
    {
        Options = Options with { MaxSessionTime = TimeSpan.FromMinutes(9) };
        await using var transcript = Start();
        await transcript.RunAsync(Hello);
        for (var minute = 0; minute < 9; minute++)
        {
            await transcript.RunAsync("""
                C: NOOP
                S: 250 2.0.0 OK
                * advance 1:00
                """);
        }
        await transcript.RunAsync("""
            S~ 421 4.4.2 .* closing the connection
            * closed
            """);
    }

    [Fact]
    public async Task Draining_finishes_the_message_and_says_goodbye()
    {
        await RunAsync(Recipient + """
            C: DATA
            S: 354 Start mail input; end with <CRLF>.<CRLF>
            C: hello
            * drain
            C: world
            C: .
            S: 250 2.0.0 Ok: taken
            S: 421 4.3.2 Shutting down, try again later
            * closed
            """);
        Session.Messages.Should().ContainSingle();
    }

    [Fact]
    public async Task Draining_an_idle_session_says_goodbye()
    {
        await RunAsync(Hello + """
            * drain
            S: 421 4.3.2 Shutting down, try again later
            * closed
            """);
    }

    [Fact]
    public async Task A_client_that_pipelines_without_end_and_never_reads_is_let_go()
    {
        Settings = Settings with { PauseThreshold = 4096 };
        await using var transcript = Start();
        var noops = System.Text.Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("NOOP\r\n", 500)));
        var sending = Task.Run(async () =>
        {
            while (!(await transcript.Client().Output.WriteAsync(noops)).IsCompleted) { }
        });
        while (!sending.IsCompleted)
        {
            await Task.Delay(20);
            Time.Advance(TimeSpan.FromSeconds(61));
        }
        await sending;
        await transcript.SessionEndAsync();
    }
}
