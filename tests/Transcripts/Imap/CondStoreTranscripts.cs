using Xunit;

namespace Merpati.Tests.Transcripts.Imap;

/// <summary>CONDSTORE (RFC 7162 §3.1). Three messages have the MODSEQs 2, 3 and 4, in the order in which they came.</summary>
public sealed class CondStoreTranscripts
{
    private static string Second => Session.Selected(3, 0, connection: 2);

    /// <summary>Each of these tells the server that the client knows mod-sequences (§3.1); with a mailbox selected it is told the highest.</summary>
    [Theory]
    [InlineData("ENABLE CONDSTORE", "* ENABLED CONDSTORE")]
    [InlineData("STATUS INBOX (HIGHESTMODSEQ)", "")]
    [InlineData("FETCH 1 MODSEQ", "")]
    [InlineData("FETCH 1 FLAGS (CHANGEDSINCE 4)", "")]
    [InlineData("STORE 1 (UNCHANGEDSINCE 1) +FLAGS (\\Seen)", "")]
    [InlineData("LIST \"\" INBOX RETURN (STATUS (HIGHESTMODSEQ))", "")]
    public async Task Who_names_mod_sequences_gets_them_from_then_on(string command, string first)
    {
        var server = await Session.ServerAsync(messages: 3);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(3, 3) + $"""
            C: 1 STORE 3 +FLAGS (\Flagged)
            S: * 3 FETCH (FLAGS (\Recent \Flagged))
            S: 1 OK STORE completed
            C: 2 {command}
            {(first.Length > 0 ? "S: " + first : "")}
            S: * OK [HIGHESTMODSEQ 5] Highest

            """);
        await SkipToTaggedAsync(transcript, "2");
        await transcript.RunAsync("""
            C: 3 STORE 3 -FLAGS (\Flagged)
            S: * 3 FETCH (FLAGS (\Recent) MODSEQ (6))
            S: 3 OK STORE completed
            C: 4 FETCH 3 (UID FLAGS)
            S: * 3 FETCH (UID 3 FLAGS (\Recent) MODSEQ (6))
            S: 4 OK FETCH completed
            C: 5 FETCH 2:3 (MODSEQ)
            S: * 2 FETCH (MODSEQ (3))
            S: * 3 FETCH (MODSEQ (6))
            S: 5 OK FETCH completed
            C: 6 STATUS INBOX (HIGHESTMODSEQ MESSAGES)
            S: * STATUS INBOX (HIGHESTMODSEQ 6 MESSAGES 3)
            S: 6 OK STATUS completed
            """);
    }

    [Fact]
    public async Task SELECT_with_CONDSTORE()
    {
        var server = await Session.ServerAsync(messages: 3);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + """
            C: 1 SELECT INBOX (CONDSTORE)
            S~ \* FLAGS .*
            S~ .*PERMANENTFLAGS.*
            S: * 3 EXISTS
            S: * 3 RECENT
            S~ .*UNSEEN 1.*
            S~ .*UIDVALIDITY.*
            S~ .*UIDNEXT.*
            S: * OK [HIGHESTMODSEQ 4] Highest
            S~ \* OK \[MAILBOXID \(F\w+\)\] Its id
            S: 1 OK [READ-WRITE] SELECT completed
            C: 2 STORE 1 +FLAGS (\Seen)
            S: * 1 FETCH (FLAGS (\Recent \Seen) MODSEQ (5))
            S: 2 OK STORE completed
            C: 3 FETCH 2 BODY[HEADER.FIELDS (SUBJECT)]
            S: * 2 FETCH (BODY[HEADER.FIELDS (SUBJECT)] {20}
            S: Subject: hello 2
            S:
            S:  FLAGS (\Recent \Seen) MODSEQ (6))
            S: 3 OK FETCH completed
            C: 4 SELECT INBOX (CONDSTORE NONSENSE)
            S: 4 BAD Unknown parameter, or one too many
            C: 5 SELECT INBOX ()
            S~ 5 BAD .*
            C: 6 SELECT INBOX (QRESYNC (1 1))
            S: 6 BAD QRESYNC has to be enabled first
            """);
    }

    [Fact]
    public async Task FETCH_CHANGEDSINCE_is_about_what_changed_later()
    {
        var server = await Session.ServerAsync(messages: 3);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(3, 3) + """
            C: 1 STORE 2 +FLAGS (\Flagged)
            S: * 2 FETCH (FLAGS (\Recent \Flagged))
            S: 1 OK STORE completed
            C: 2 FETCH 1:* FLAGS (CHANGEDSINCE 3)
            S: * OK [HIGHESTMODSEQ 5] Highest
            S: * 2 FETCH (FLAGS (\Recent \Flagged) MODSEQ (5))
            S: * 3 FETCH (FLAGS (\Recent) MODSEQ (4))
            S: 2 OK FETCH completed
            C: 3 UID FETCH 1:2 (FLAGS MODSEQ) (CHANGEDSINCE 3)
            S: * 2 FETCH (UID 2 FLAGS (\Recent \Flagged) MODSEQ (5))
            S: 3 OK UID FETCH completed
            C: 4 FETCH 1:* (RFC822.SIZE) (CHANGEDSINCE 4)
            S~ \* 2 FETCH \(RFC822.SIZE \d+ MODSEQ \(5\)\)
            S: 4 OK FETCH completed
            C: 5 FETCH 1:* FLAGS (CHANGEDSINCE 5)
            S: 5 OK FETCH completed
            C: 6 FETCH 1:* FLAGS (CHANGEDSINCE 9223372036854775807)
            S: 6 OK FETCH completed
            C: 7 FETCH 1:* FLAGS (CHANGEDSINCE 9223372036854775808)
            S: 7 BAD Expected a mod-sequence
            C: 8 FETCH 1:* FLAGS (CHANGEDSINCE)
            S~ 8 BAD .*
            C: 9 FETCH 1:* FLAGS (CHANGEDSINCE 1 CHANGEDSINCE 2)
            S: 9 BAD Unknown FETCH modifier, or one too many
            C: 10 FETCH 1:* FLAGS (CHANGEDSINCE 1 VANISHED)
            S: 10 BAD Unknown FETCH modifier, or one too many
            C: 11 UID FETCH 1:* FLAGS (CHANGEDSINCE 1 VANISHED)
            S: 11 BAD VANISHED needs QRESYNC to be enabled
            C: 12 UID FETCH 1:* FLAGS (VANISHED)
            S: 12 BAD VANISHED goes with CHANGEDSINCE
            C: 13 FETCH 1:* FLAGS ()
            S~ 13 BAD .*
            """);
    }

    [Fact]
    public async Task STORE_UNCHANGEDSINCE_leaves_alone_what_changed_and_tells_how_it_is_now()
    {
        var server = await Session.ServerAsync(messages: 3);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(3, 3) + Second + """
            C2: 1 STORE 2 +FLAGS (\Answered)
            S2: * 2 FETCH (FLAGS (\Answered))
            S2: 1 OK STORE completed
            C: 1 STORE 1:3 (UNCHANGEDSINCE 4) +FLAGS (\Seen)
            S: * OK [HIGHESTMODSEQ 4] Highest
            S: * 1 FETCH (FLAGS (\Recent \Seen) MODSEQ (6))
            S: * 3 FETCH (FLAGS (\Recent \Seen) MODSEQ (6))
            S: * 2 FETCH (FLAGS (\Recent \Answered) MODSEQ (5))
            S: 1 OK [MODIFIED 2] Some of the messages have changed since
            # .SILENT keeps the flags back, and not the mod-sequence
            C: 2 UID STORE 1:2 (UNCHANGEDSINCE 5) +FLAGS.SILENT (\Flagged)
            S: * 2 FETCH (UID 2 MODSEQ (7))
            S: 2 OK [MODIFIED 1] Some of the messages have changed since
            C: 3 STORE 1:3 (UNCHANGEDSINCE 0) FLAGS (\Draft)
            S: 3 OK [MODIFIED 1:3] Some of the messages have changed since
            C: 4 STORE 2 (UNCHANGEDSINCE 7) -FLAGS.SILENT (\Flagged)
            S: * 2 FETCH (MODSEQ (8))
            S: 4 OK STORE completed
            C: 5 STORE 2 (NONSENSE 7) -FLAGS.SILENT (\Flagged)
            S: 5 BAD Unknown STORE modifier
            C: 6 STORE 2 (UNCHANGEDSINCE x) -FLAGS.SILENT (\Flagged)
            S: 6 BAD Expected a mod-sequence
            C: 7 STORE 2 (UNCHANGEDSINCE 7 UNCHANGEDSINCE 8) -FLAGS.SILENT (\Flagged)
            S~ 7 BAD .*
            """);
    }

    [Fact]
    public async Task A_conditional_STORE_of_messages_of_which_some_are_gone()
    {
        var server = await Session.ServerAsync(messages: 3);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(3, 3) + Second + """
            C2: 1 STORE 3 +FLAGS.SILENT (\Deleted)
            S2: 1 OK STORE completed
            C2: 2 EXPUNGE
            S2: * 3 EXPUNGE
            S2: 2 OK EXPUNGE completed
            C2: 3 STORE 2 +FLAGS.SILENT (\Flagged)
            S2: 3 OK STORE completed
            C: 1 STORE 1:3 (UNCHANGEDSINCE 4) +FLAGS.SILENT (\Seen)
            S: * OK [HIGHESTMODSEQ 4] Highest
            S: * 1 FETCH (MODSEQ (8))
            S: * 2 FETCH (FLAGS (\Recent \Flagged) MODSEQ (7))
            # that the third is gone has to wait, and is older than what was told
            S: * OK [HIGHESTMODSEQ 4] Highest
            S: 1 NO [MODIFIED 2] Some of the messages have changed since, or are no longer there
            """);
    }

    [Fact]
    public async Task STORE_SILENT_tells_the_flags_that_others_changed_before()
    {
        var server = await Session.ServerAsync(messages: 2);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(2, 2) + Session.Selected(2, 0, connection: 2) + """
            C: 1 ENABLE CONDSTORE
            S: * ENABLED CONDSTORE
            S: * OK [HIGHESTMODSEQ 3] Highest
            S: 1 OK ENABLE completed
            C2: 1 STORE 1 +FLAGS.SILENT (\Answered)
            S2: 1 OK STORE completed
            # it is within UNCHANGEDSINCE, and yet news
            C: 2 STORE 1:2 (UNCHANGEDSINCE 4) +FLAGS.SILENT (\Seen)
            S: * 2 FETCH (MODSEQ (5))
            S: * 1 FETCH (FLAGS (\Recent \Answered \Seen) MODSEQ (6))
            S: 2 OK STORE completed
            """);
    }

    [Fact]
    public async Task EXPUNGE_and_MOVE_end_with_the_HIGHESTMODSEQ_that_covers_them()
    {
        var server = await Session.ServerAsync(messages: 3);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(3, 3) + """
            C: 1 ENABLE CONDSTORE
            S: * ENABLED CONDSTORE
            S: * OK [HIGHESTMODSEQ 4] Highest
            S: 1 OK ENABLE completed
            C: 2 EXPUNGE
            S: 2 OK EXPUNGE completed
            C: 3 STORE 1 +FLAGS (\Deleted)
            S: * 1 FETCH (FLAGS (\Recent \Deleted) MODSEQ (5))
            S: 3 OK STORE completed
            C: 4 EXPUNGE
            S: * 1 EXPUNGE
            S: 4 OK [HIGHESTMODSEQ 6] EXPUNGE completed
            C: 5 MOVE 1 Archive
            S~ \* OK \[COPYUID \d+ 2 1\] Moved
            S: * 1 EXPUNGE
            S: 5 OK [HIGHESTMODSEQ 7] MOVE completed
            C: 6 CLOSE
            S: 6 OK CLOSE completed
            """);
    }

    [Fact]
    public async Task What_others_do_comes_with_its_mod_sequence()
    {
        var server = await Session.ServerAsync(messages: 3);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(3, 3) + Second + """
            C: 1 ENABLE CONDSTORE
            S: * ENABLED CONDSTORE
            S: * OK [HIGHESTMODSEQ 4] Highest
            S: 1 OK ENABLE completed
            C: 2 IDLE
            S: + idling
            C2: 1 STORE 2 +FLAGS.SILENT (\Flagged)
            S2: 1 OK STORE completed
            S: * 2 FETCH (FLAGS (\Recent \Flagged) MODSEQ (5))
            C: DONE
            S: 2 OK IDLE completed
            """);
    }

    private static async Task SkipToTaggedAsync(TestKit.Transcript transcript, string tag)
    {
        for (var line = 0; line < 10; line++)
        {
            await transcript.RunAsync("S~ (?<line>.*)\n");
            if (transcript.Captured("line").StartsWith(tag + " ", StringComparison.Ordinal)) return;
        }
        Assert.Fail("The command was not answered.");
    }

    [Fact]
    public async Task A_STORE_that_changes_nothing_hides_nothing_of_what_others_changed_meanwhile()
    {
        var server = await Session.ServerAsync(messages: 2);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(2, 2) + Session.Selected(2, 0, connection: 2) + """
            C2: 1 STORE 1:2 +FLAGS.SILENT (\Flagged)
            S2: 1 OK STORE completed
            C: 1 STORE 2 -FLAGS (\Draft)
            S: * 2 FETCH (FLAGS (\Recent \Flagged))
            S: * 1 FETCH (FLAGS (\Recent \Flagged))
            S: 1 OK STORE completed
            """);
    }

    [Fact]
    public async Task While_an_EXPUNGE_is_held_back_HIGHESTMODSEQ_stays_below_it()
    {
        var server = await Session.ServerAsync(messages: 3);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(3, 3) + Session.Selected(3, 0, connection: 2) + """
            C: 0 STATUS INBOX (UIDVALIDITY)
            S~ \* STATUS INBOX \(UIDVALIDITY (?<validity>\d+)\)
            S: 0 OK STATUS completed
            C: 1 ENABLE QRESYNC
            S: * ENABLED QRESYNC
            S: * OK [HIGHESTMODSEQ 4] Highest
            S: 1 OK ENABLE completed
            C2: 1 MOVE 2 Archive
            S2~ \* OK \[COPYUID .*
            S2: * 2 EXPUNGE
            S2: 1 OK MOVE completed
            # a client takes the highest MODSEQ as what it knows, but for the code (RFC 7162 §5)
            C: 2 STORE 3 +FLAGS (\Seen)
            S: * 3 FETCH (UID 3 FLAGS (\Recent \Seen) MODSEQ (6))
            S: 2 OK [HIGHESTMODSEQ 4] STORE completed
            C: 3 FETCH 3 (MODSEQ)
            S: * 3 FETCH (UID 3 MODSEQ (6))
            S: 3 OK [HIGHESTMODSEQ 4] FETCH completed
            # it is cut off, comes back, and hears of the message that is gone
            C3: a LOGIN ann@example.test secret
            S3~ \* OK .*
            S3~ a OK .*
            C3: b ENABLE QRESYNC
            S3~ \* ENABLED .*
            S3~ b OK .*
            C3: c SELECT INBOX (QRESYNC (${validity} 4))
            S3~ \* FLAGS .*
            S3~ \* OK \[PERMANENTFLAGS .*
            S3~ \* 2 EXISTS
            S3~ \* 0 RECENT
            S3~ \* OK \[UNSEEN .*
            S3~ \* OK \[UIDVALIDITY .*
            S3~ \* OK \[UIDNEXT 4\] .*
            S3~ \* OK \[HIGHESTMODSEQ 6\] .*
            S3~ \* OK \[MAILBOXID .*
            S3: * VANISHED (EARLIER) 2
            S3: * 2 FETCH (UID 3 FLAGS (\Seen) MODSEQ (6))
            S3~ c OK .*
            C: 4 NOOP
            S: * VANISHED 2
            S: 4 OK NOOP completed
            """);
    }
}
