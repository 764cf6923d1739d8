using Merpati.Mailboxes;
using Xunit;

namespace Merpati.Tests.Transcripts.Imap;

/// <summary>Several sessions on one mailbox: each sees what the others do, when the protocol allows it (RFC 3501 §5.2, §7.4.1).</summary>
public sealed class SessionsTranscripts
{
    private static string Second => Session.Selected(3, 0, connection: 2);

    [Fact]
    public async Task Changes_show_at_the_end_of_a_command_and_EXPUNGE_not_under_FETCH_STORE_SEARCH()
    {
        var server = await Session.ServerAsync(messages: 3);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(3, 3) + Second + """
            C: 1 STORE 1 +FLAGS (\Deleted)
            S: * 1 FETCH (FLAGS (\Recent \Deleted))
            S: 1 OK STORE completed
            C: 2 EXPUNGE
            S: * 1 EXPUNGE
            S: 2 OK EXPUNGE completed
            C: 3 STORE 2 +FLAGS (\Flagged)
            S: * 2 FETCH (FLAGS (\Recent \Flagged))
            S: 3 OK STORE completed
            # numbers of the second session stay as they are
            C2: 1 FETCH 2:3 UID
            S2: * 2 FETCH (UID 2)
            S2: * 3 FETCH (UID 3)
            S2: * 3 FETCH (FLAGS (\Flagged))
            S2: 1 OK FETCH completed
            C2: 2 FETCH 1:2 FLAGS
            S2: * 2 FETCH (FLAGS ())
            S2: 2 NO [EXPUNGEISSUED] Some of the messages are no longer there
            C2: 3 SEARCH ALL
            S2: * SEARCH 2 3
            S2: 3 OK SEARCH completed
            C2: 4 STORE 1:2 +FLAGS (\Seen)
            S2: * 2 FETCH (FLAGS (\Seen))
            S2: 4 NO [EXPUNGEISSUED] Some of the messages are no longer there
            C2: 5 UID FETCH 2 FLAGS
            S2: * 2 FETCH (UID 2 FLAGS (\Seen))
            S2: * 1 EXPUNGE
            S2: 5 OK UID FETCH completed
            C2: 6 FETCH 1 UID
            S2: * 1 FETCH (UID 2)
            S2: 6 OK FETCH completed
            C: 4 NOOP
            S: * 1 FETCH (FLAGS (\Recent \Seen))
            S: 4 OK NOOP completed
            """);
    }

    [Fact]
    public async Task A_message_that_others_expunged_still_has_its_UID_and_STORE_SILENT_is_content_with_the_rest()
    {
        var server = await Session.ServerAsync(messages: 3);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(3, 3) + Second + """
            C: 1 STORE 1 +FLAGS.SILENT (\Deleted)
            S: 1 OK STORE completed
            C: 2 EXPUNGE
            S: * 1 EXPUNGE
            S: 2 OK EXPUNGE completed
            C2: 1 FETCH 1:2 UID
            S2: * 1 FETCH (UID 1)
            S2: * 2 FETCH (UID 2)
            S2: 1 OK FETCH completed
            C2: 2 STORE 1:2 +FLAGS.SILENT (\Seen)
            S2: 2 OK [EXPUNGEISSUED] STORE completed
            C2: 3 STORE 1 +FLAGS.SILENT (\Seen)
            S2: 3 NO [EXPUNGEISSUED] Some of the messages are no longer there
            """);
    }

    [Fact]
    public async Task IDLE_tells_at_once()
    {
        var server = await Session.ServerAsync(messages: 3);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(3, 3) + Second + """
            C2: 1 IDLE
            S2: + idling
            C: 1 STORE 2 +FLAGS.SILENT (\Deleted)
            S: 1 OK STORE completed
            S2: * 2 FETCH (FLAGS (\Deleted))
            C: 2 EXPUNGE
            S: * 2 EXPUNGE
            S: 2 OK EXPUNGE completed
            S2: * 2 EXPUNGE

            """);
        await server.DeliverAsync(Session.Simple);
        await transcript.RunAsync("""
            S2: * 3 EXISTS
            S2: * 1 RECENT
            C2: done
            S2: 1 OK IDLE completed
            C2: 2 IDLE
            S2: + idling
            C2: NOOP
            S2: 2 BAD Expected DONE
            C2: 3 NOOP
            S2: 3 OK NOOP completed
            """);
    }

    [Fact]
    public async Task IDLE_ends_with_a_logout_after_half_an_hour()
    {
        var server = await Session.ServerAsync(messages: 1);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(1, 1) + """
            C: 1 IDLE
            S: + idling
            * advance 15:00
            * advance 15:01
            S: * BYE Autologout: idle for too long
            S: 1 OK IDLE completed
            * closed
            """);
    }

    [Fact]
    public async Task IDLE_polls_when_no_bell_rings()
    {
        var server = await Session.InMemoryAsync(messages: 1);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(1, 1) + """
            C: 1 IDLE
            S: + idling

            """);
        server.Memory.Announcing = false;
        await server.DeliverAsync(Session.Simple);
        await transcript.RunAsync("""
            * advance 1:01
            S: * 2 EXISTS
            S: * 2 RECENT
            * drain
            S: * BYE Server is going down, try again in a moment
            S: 1 OK IDLE completed
            * closed
            """);
    }

    [Fact]
    public async Task What_was_pipelined_is_answered_in_order()
    {
        var server = await Session.ServerAsync(messages: 1);
        await using var transcript = server.Transcript();
        await transcript.RunAsync("""
            S~ \* OK .*
            C> 1 LOGIN ann@example.test secret\r\n2 EXAMINE INBOX\r\n3 FETCH 1 UID\r\n4 IDLE\r\nDONE\r\n5 LOGOUT\r\n
            S~ 1 OK .*
            S~ \* FLAGS .*
            S~ \* OK \[PERMANENTFLAGS .*
            S: * 1 EXISTS
            S: * 1 RECENT
            S~ \* OK \[UNSEEN 1\].*
            S~ \* OK \[UIDVALIDITY .*
            S~ \* OK \[UIDNEXT .*
            S~ \* OK \[HIGHESTMODSEQ .*
            S~ \* OK \[MAILBOXID \(F\w+\)\] Its id
            S: 2 OK [READ-ONLY] EXAMINE completed
            S: * 1 FETCH (UID 1)
            S: 3 OK FETCH completed
            S: + idling
            S: 4 OK IDLE completed
            S: * BYE Logging out
            S: 5 OK LOGOUT completed
            * closed
            """);
    }

    /// <summary>As <c>printf … | nc</c> does it.</summary>
    [Theory]
    [InlineData("2 NOOP\r\n", "S: 2 OK NOOP completed")]
    [InlineData("2 IDLE\r\n", "S: + idling")]
    [InlineData("2 AUTHENTICATE PLAIN\r\n", "S: 2 BAD Not after login")]
    [InlineData("2 APPEND INBOX {9}\r\nabc", "S: + Ready for the message")]
    public async Task A_client_that_closes_its_half_still_gets_its_answers(string command, string answer)
    {
        var server = await Session.ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.Client().Output.WriteAsync(System.Text.Encoding.ASCII.GetBytes($"1 LOGIN ann@example.test secret\r\n{command}"));
        await transcript.RunAsync($"""
            * close
            S~ \* OK .*
            S~ 1 OK .*
            {answer}
            * closed
            """);
    }

    [Fact]
    public async Task A_client_that_never_reads_is_cut_off()
    {
        var server = await Session.ServerAsync(messages: 200, flags: SystemFlags.Seen);
        await using var transcript = server.Transcript(new Merpati.TestKit.TransportSettings { PauseThreshold = 4096 });
        await transcript.RunAsync(Session.Selected(200, 200, firstUnseen: 0));
        var end = transcript.SessionEndAsync();
        await transcript.RunAsync("C: 1 FETCH 1:* (BODY.PEEK[] ENVELOPE BODYSTRUCTURE)\n");
        while (!end.IsCompleted)
        {
            server.Time.Advance(TimeSpan.FromSeconds(30));
            await Task.Yield();
        }
        await end;
    }
}
