using AwesomeAssertions;
using Merpati.Mailboxes;
using Merpati.Protocols.Imap;
using Xunit;

namespace Merpati.Tests.Transcripts.Imap;

/// <summary>RFC 3501 §6.4 and §6.3.11: messages change, come and go.</summary>
public sealed class MessageTranscripts
{
    [Fact]
    public async Task STORE()
    {
        var server = await Session.ServerAsync(messages: 3);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(3, 3) + """
            C: 1 STORE 1 FLAGS (\Seen \Flagged)
            S: * 1 FETCH (FLAGS (\Recent \Flagged \Seen))
            S: 1 OK STORE completed
            C: 2 STORE 1:2 -FLAGS \Flagged
            S: * 1 FETCH (FLAGS (\Recent \Seen))
            S: * 2 FETCH (FLAGS (\Recent))
            S: 2 OK STORE completed
            C: 3 STORE 1 +FLAGS.SILENT (\Answered)
            S: 3 OK STORE completed
            C: 4 NOOP
            S: 4 OK NOOP completed
            C: 5 FETCH 1 FLAGS
            S: * 1 FETCH (FLAGS (\Recent \Answered \Seen))
            S: 5 OK FETCH completed
            # a keyword is announced before it is shown
            C: 6 UID STORE 2 +FLAGS ($Forwarded)
            S: * FLAGS (\Answered \Flagged \Deleted \Seen \Draft $Forwarded)
            S: * 2 FETCH (UID 2 FLAGS (\Recent $Forwarded))
            S: 6 OK UID STORE completed
            C: 7 STORE 1 FLAGS ()
            S: * 1 FETCH (FLAGS (\Recent))
            S: 7 OK STORE completed
            C: 8 STORE 1 +FLAGS (\Recent)
            S: 8 BAD \Recent is set by the server alone
            C> 8 APPEND Drafts (\\Seen \\Recent) {1+}\r\nx\r\n
            S: 8 BAD \Recent is set by the server alone
            C: 9 STORE 1 +FLAGS (\Nonsense)
            S: 9 BAD Unknown system flag
            C: 10 STORE 4 +FLAGS (\Seen)
            S: 10 BAD No message has such a number
            C: 11 UID STORE 400 +FLAGS (\Seen)
            S: 11 OK UID STORE completed
            C: 12 STORE 1 SEEN (\Seen)
            S: 12 BAD Expected FLAGS, +FLAGS or -FLAGS
            C: 13 STORE 1 +FLAGS \Seen \Draft
            S: * 1 FETCH (FLAGS (\Recent \Seen \Draft))
            S: 13 OK STORE completed
            """);
        var keywords = string.Join(' ', Enumerable.Range(0, MessageFlags.MaxKeywords + 1).Select(i => $"k{i}"));
        await transcript.RunAsync($"""
            C: 14 STORE 1 +FLAGS ({keywords})
            S: 14 NO [LIMIT] Too many keywords, or too long
            C: 15 STORE 1 +FLAGS ({new string('k', 200)})
            S: 15 NO [LIMIT] Too many keywords, or too long
            """);
    }

    [Fact]
    public async Task EXPUNGE_UID_EXPUNGE_and_CLOSE()
    {
        var server = await Session.ServerAsync(messages: 11);
        await using var transcript = server.Transcript();
        // RFC 3501 §6.4.3: messages 3, 4, 7 and 11 are deleted.
        await transcript.RunAsync(Session.Selected(11, 11) + """
            C: 1 STORE 3,4,7,11 +FLAGS.SILENT (\Deleted)
            S: 1 OK STORE completed
            C: 2 UID EXPUNGE 4,5
            S: * 4 EXPUNGE
            S: 2 OK UID EXPUNGE completed
            C: 3 EXPUNGE
            S: * 3 EXPUNGE
            S: * 5 EXPUNGE
            S: * 8 EXPUNGE
            S: 3 OK EXPUNGE completed
            C: 4 FETCH 1:* UID
            S: * 1 FETCH (UID 1)
            S: * 2 FETCH (UID 2)
            S: * 3 FETCH (UID 5)
            S: * 4 FETCH (UID 6)
            S: * 5 FETCH (UID 8)
            S: * 6 FETCH (UID 9)
            S: * 7 FETCH (UID 10)
            S: 4 OK FETCH completed
            C: 5 STORE 1 +FLAGS.SILENT (\Deleted)
            S: 5 OK STORE completed
            C: 6 CLOSE
            S: 6 OK CLOSE completed
            C: 7 STATUS INBOX (MESSAGES)
            S: * STATUS INBOX (MESSAGES 6)
            S: 7 OK STATUS completed
            """);
    }

    [Fact]
    public async Task COPY_and_MOVE()
    {
        var server = await Session.ServerAsync(messages: 4);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(4, 4) + """
            C: 1 COPY 2:3 Archive
            S~ 1 OK \[COPYUID \d+ 2:3 1:2\] COPY completed
            C: 2 COPY 1 nothing
            S: 2 NO [TRYCREATE] No such mailbox; create it first
            C: 3 UID COPY 4,1 Archive
            S~ 3 OK \[COPYUID \d+ 1,4 3:4\] UID COPY completed
            C: 4 UID COPY 99 Archive
            S: 4 OK UID COPY completed
            C: 5 COPY 9 Archive
            S: 5 BAD No message has such a number
            C: 6 MOVE 1,3 Trash
            S~ \* OK \[COPYUID \d+ 1,3 1:2\] Moved
            S: * 1 EXPUNGE
            S: * 2 EXPUNGE
            S: 6 OK MOVE completed
            C: 7 UID MOVE 4 Trash
            S~ \* OK \[COPYUID \d+ 4 3\] Moved
            S: * 2 EXPUNGE
            S: 7 OK UID MOVE completed
            C: 8 UID MOVE 2 nothing
            S: 8 NO [TRYCREATE] No such mailbox; create it first
            # into the mailbox itself
            C: 9 COPY 1 INBOX
            S: * 2 EXISTS
            S: * 2 RECENT
            S~ 9 OK \[COPYUID \d+ 2 5\] COPY completed
            """);
    }

    [Fact]
    public async Task APPEND()
    {
        var server = await Session.ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + """
            C: 1 APPEND INBOX (\Seen $Work) "17-Jul-1996 02:44:25 -0700" {22}
            S: + Ready for the message
            C> Subject: x\r\n\r\n12345678 and more\r\n
            S: 1 BAD Expected a literal; nothing was stored
            C: 2 APPEND INBOX (\Seen $Work) " 7-Jul-1996 02:44:25 -0700" {24}
            S: + Ready for the message
            C> Subject: x\r\n\r\n12345678\r\n\r\n
            S~ 2 OK \[APPENDUID \d+ 1\] APPEND completed
            C> 3 APPEND {5+}\r\nINBOX {14+}\r\nSubject: y\r\n\r\n\r\n4 NOOP\r\n
            S~ 3 OK \[APPENDUID \d+ 2\] APPEND completed
            S: 4 OK NOOP completed
            C: 5 APPEND nothing {14}
            S: 5 NO [TRYCREATE] No such mailbox; create it first
            C> 6 APPEND nothing {14+}\r\nSubject: y\r\n\r\n\r\n7 NOOP\r\n
            S: 6 NO [TRYCREATE] No such mailbox; create it first
            S: 7 OK NOOP completed
            C: 8 APPEND INBOX {99999999999}
            S: 8 NO [TOOBIG] The message is larger than APPENDLIMIT
            C: 9 APPEND INBOX {0}
            S: 9 NO [CANNOT] An empty message cannot be stored
            C: 10 APPEND INBOX "32-Jul-1996 02:44:25 -0700" {10}
            S~ 10 BAD .*
            C> 11 APPEND INBOX {6+}\r\nab\0cde\r\n12 NOOP\r\n
            S: 11 BAD A message holds no NUL; nothing was stored
            S: 12 OK NOOP completed
            C: 13 APPEND INBOX "no literal"
            S~ 13 BAD .*
            C> 14 APPEND INBOX {4+}\r\nabcd xyz {3+}\r\nxyz\r\n15 NOOP\r\n
            S: 14 BAD Expected a literal; nothing was stored
            S: 15 OK NOOP completed
            C: 16 STATUS INBOX (MESSAGES UNSEEN)
            S: * STATUS INBOX (MESSAGES 2 UNSEEN 1)
            S: 16 OK STATUS completed
            C: 17 APPEND INBOX {99999999999+}
            S: * BYE Too much at once
            S: 17 BAD [TOOBIG] Too much at once
            * closed
            """);
    }

    [Fact]
    public async Task APPEND_to_the_selected_mailbox_shows_at_once()
    {
        var server = await Session.ServerAsync(messages: 1);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(1, 1) + """
            C> 1 APPEND INBOX (\\Draft) {14+}\r\nSubject: y\r\n\r\n\r\n
            S: * 2 EXISTS
            S: * 2 RECENT
            S~ 1 OK \[APPENDUID \d+ 2\] APPEND completed
            C: 2 FETCH 2 FLAGS
            S: * 2 FETCH (FLAGS (\Recent \Draft))
            S: 2 OK FETCH completed
            """);
    }

    [Fact]
    public async Task APPEND_over_quota_is_refused_and_the_session_goes_on()
    {
        var server = await Session.ServerAsync(quotaOctets: 20);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + """
            C> 1 APPEND INBOX {14+}\r\nSubject: y\r\n\r\n\r\n
            S~ 1 OK \[APPENDUID \d+ 1\] APPEND completed
            C> 2 APPEND INBOX {14+}\r\nSubject: y\r\n\r\n\r\n3 NOOP\r\n
            S: 2 NO [OVERQUOTA] The account is over its quota
            S: 3 OK NOOP completed
            """);
    }

    [Fact]
    public async Task A_message_that_breaks_off_is_not_stored()
    {
        var server = await Session.ServerAsync();
        await using (var transcript = server.Transcript())
        {
            // All octets of the literal are there, the end of the command is not.
            await transcript.RunAsync(Session.LoggedIn + """
                C> 1 APPEND INBOX {14+}\r\nSubject: y\r\n\r\n
                * close
                * closed
                """);
            await transcript.SessionEndAsync();
        }
        (await server.MailboxAsync("INBOX")).Messages.Should().Be(0);
    }

    [Fact]
    public async Task SEARCH()
    {
        var server = await Session.ServerAsync(messages: 3, flags: SystemFlags.Seen);
        await server.DeliverAsync("Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\nFrom: carl@example.test\nDate: Sun, 1 Feb 2026 10:00:00 +0000\n\nviele Grüße\n",
            internalDate: new DateTimeOffset(2026, 2, 2, 0, 30, 0, TimeSpan.FromHours(9)));
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(4, 4, firstUnseen: 4) + """
            C: 1 SEARCH ALL
            S: * SEARCH 1 2 3 4
            S: 1 OK SEARCH completed
            C: 2 SEARCH UNSEEN
            S: * SEARCH 4
            S: 2 OK SEARCH completed
            C: 3 UID SEARCH 2:* SEEN NOT SUBJECT "hello 3"
            S: * SEARCH 2
            S: 3 OK UID SEARCH completed
            C: 4 SEARCH OR SUBJECT "hello 1" (FROM carl UNSEEN)
            S: * SEARCH 1 4
            S: 4 OK SEARCH completed
            C: 5 SEARCH CHARSET UTF-8 SUBJECT {7}
            S: + Ready for the literal
            C: Grüße
            S: * SEARCH 4
            S: 5 OK SEARCH completed
            """);
        await transcript.RunAsync("""
            C: 6 SEARCH CHARSET KOI8-R SUBJECT "x"
            S: 6 NO [BADCHARSET (US-ASCII UTF-8)] Only US-ASCII and UTF-8
            C> 7 SEARCH CHARSET KOI8-R SUBJECT {2+}\r\n\xC1\xC2\r\n
            S: 7 NO [BADCHARSET (US-ASCII UTF-8)] Only US-ASCII and UTF-8
            C: 8 SEARCH ON 2-Feb-2026 SENTON 1-Feb-2026
            S: * SEARCH 4
            S: 8 OK SEARCH completed
            C: 9 SEARCH SINCE 3-Feb-2026
            S: * SEARCH 1 2 3
            S: 9 OK SEARCH completed
            C: 10 SEARCH BEFORE "2-Feb-2026"
            S: * SEARCH
            S: 10 OK SEARCH completed
            C: 11 SEARCH UNKEYWORD $x HEADER Message-ID "" LARGER 1 SMALLER 100000 RECENT NEW
            S: * SEARCH
            S: 11 OK SEARCH completed
            C: 12 SEARCH RETURN (MIN MAX COUNT ALL) 1,2,4
            S: * ESEARCH (TAG "12") MIN 1 MAX 4 ALL 1:2,4 COUNT 3
            S: 12 OK SEARCH completed
            C: 13 UID SEARCH RETURN () ALL
            S: * ESEARCH (TAG "13") UID ALL 1:4
            S: 13 OK UID SEARCH completed
            C: 14 SEARCH RETURN (MIN COUNT) DELETED
            S: * ESEARCH (TAG "14") COUNT 0
            S: 14 OK SEARCH completed
            C: 15 SEARCH
            S~ 15 BAD .*
            C: 16 SEARCH NONSENSE
            S~ 16 BAD .*
            C: 17 SEARCH (ALL
            S~ 17 BAD .*
            C: 18 SEARCH RETURN (NONSENSE) ALL
            S: 18 BAD Unknown RETURN option
            C: 19 SEARCH 100:200
            S: * SEARCH
            S: 19 OK SEARCH completed
            C: 20 SEARCH OR ALL
            S~ 20 BAD .*
            C: 21 SEARCH BODY "viele" TEXT "carl"
            S: * SEARCH 4
            S: 21 OK SEARCH completed
            C: 22 SEARCH OLD
            S: * SEARCH
            S: 22 OK SEARCH completed
            """);
        await transcript.RunAsync($"C: 23 SEARCH {new string('(', 150)}ALL{new string(')', 150)}\nS: 23 BAD The search is too complex");
        await transcript.RunAsync($"C: 24 SEARCH {string.Concat(Enumerable.Repeat("NOT ", 5000))}ALL\nS: 24 BAD The search is too complex");
    }
}
