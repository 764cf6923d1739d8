using AwesomeAssertions;
using Merpati.Mailboxes;
using Merpati.TestKit;
using Xunit;

namespace Merpati.Tests.Transcripts.Imap;

/// <summary>The extensions of SEARCH: keys, results that are counted, cut, saved and kept up to date, and searches in several mailboxes.</summary>
public sealed class SearchTranscripts
{
    [Fact]
    public async Task Keys_of_time_and_of_identity_WITHIN_SAVEDATE_OBJECTID()
    {
        var server = await Session.ServerAsync();
        var now = server.Now;
        var yesterday = now.AddDays(-1).ToString("d-MMM-yyyy", System.Globalization.CultureInfo.InvariantCulture);
        var old = await server.DeliverAsync(Session.Simple, internalDate: now.AddDays(-40));
        await server.DeliverAsync(Session.Simple, internalDate: now.AddMinutes(-10));
        var messages = await server.MessagesAsync("INBOX");
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(2, 2) + $"""
            C: 1 SEARCH YOUNGER 3600
            S: * SEARCH 2
            S: 1 OK SEARCH completed
            C: 2 SEARCH OLDER 3600
            S: * SEARCH 1
            S: 2 OK SEARCH completed
            C: 3 SEARCH YOUNGER 3600 OLDER 300
            S: * SEARCH 2
            S: 3 OK SEARCH completed
            C: 4 SEARCH OLDER 0
            S: 4 BAD Zero is not allowed here
            C: 5 SEARCH SAVEDATESUPPORTED SAVEDSINCE {yesterday}
            S: * SEARCH 1 2
            S: 5 OK SEARCH completed
            C: 6 SEARCH SAVEDBEFORE {yesterday}
            S: * SEARCH
            S: 6 OK SEARCH completed
            C: 7 SEARCH SAVEDSINCE {yesterday} BEFORE {yesterday}
            S: * SEARCH 1
            S: 7 OK SEARCH completed
            C: 8 SEARCH EMAILID {messages[0].EmailId}
            S: * SEARCH 1
            S: 8 OK SEARCH completed
            C: 9 SEARCH NOT EMAILID {messages[0].EmailId} THREADID {messages[1].ThreadId}
            S: * SEARCH 2
            S: 9 OK SEARCH completed
            C: 10 SEARCH EMAILID Mnothing
            S: * SEARCH
            S: 10 OK SEARCH completed
            """);
    }

    [Fact]
    public async Task Ages_and_days_are_those_of_the_servers_clock()
    {
        var server = await Session.ServerAsync();
        await server.DeliverAsync(Session.Simple, internalDate: server.Time.GetUtcNow().AddMinutes(-10));
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(1, 1) + """
            C: 1 SEARCH YOUNGER 600 OLDER 600
            S: * SEARCH 1
            S: 1 OK SEARCH completed
            C: 2 SEARCH OR YOUNGER 599 OLDER 601
            S: * SEARCH
            S: 2 OK SEARCH completed
            C: 3 SEARCH SAVEDON 14-Mar-2026 ON 14-Mar-2026
            S: * SEARCH 1
            S: 3 OK SEARCH completed
            C: 4 SEARCH OR SAVEDON 13-Mar-2026 SAVEDON 15-Mar-2026
            S: * SEARCH
            S: 4 OK SEARCH completed
            """);
    }

    [Fact]
    public async Task MODSEQ_tells_the_highest_of_what_it_found()
    {
        var server = await Session.ServerAsync(messages: 3);
        var messages = await server.MessagesAsync("INBOX");
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(3, 3) + $"""
            C: 1 SEARCH MODSEQ {messages[1].ModSeq}
            S~ \* OK \[HIGHESTMODSEQ \d+\] Highest
            S: * SEARCH 2 3 (MODSEQ {messages[2].ModSeq})
            S: 1 OK SEARCH completed
            C: 2 SEARCH MODSEQ "/flags/\\draft" all {messages[1].ModSeq} NOT 3
            S: * SEARCH 2 (MODSEQ {messages[1].ModSeq})
            S: 2 OK SEARCH completed
            C: 3 UID SEARCH RETURN (MIN COUNT) MODSEQ 0
            S: * ESEARCH (TAG "3") UID MIN 1 COUNT 3 MODSEQ {messages[2].ModSeq}
            S: 3 OK UID SEARCH completed
            C: 4 SEARCH RETURN (MIN) MODSEQ 1
            S: * ESEARCH (TAG "4") MIN 1 MODSEQ {messages[0].ModSeq}
            S: 4 OK SEARCH completed
            C: 5 SEARCH MODSEQ 9223372036854775807
            S: * SEARCH
            S: 5 OK SEARCH completed
            C: 6 SEARCH MODSEQ 9223372036854775808
            S: 6 BAD Expected a mod-sequence
            C: 7 SEARCH MODSEQ "/flags/" all 1
            S: 7 BAD An entry name is "/flags/" and a flag
            C: 8 SORT (REVERSE SUBJECT) UTF-8 MODSEQ {messages[1].ModSeq}
            S: * SORT 3 2 (MODSEQ {messages[2].ModSeq})
            S: 8 OK SORT completed
            """);
    }

    [Fact]
    public async Task Texts_are_found_decoded_and_without_regard_to_case_or_composition()
    {
        var server = await Session.ServerAsync();
        await server.DeliverAsync("Subject: =?utf-8?q?R=C3=A9sum=C3=A9?=\nFrom: a@example.test\n\nplain\n");
        await server.DeliverAsync("Subject: none\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nein gro=DFes Zim=\nmer f=FCr zwei\n");
        await server.DeliverAsync("Subject: attachment\nContent-Type: application/octet-stream; name*=utf-8''Gr%C3%B6%C3%9Fe.bin\n\nxx\n");
        await server.DeliverAsync("Subject: empty\nX-Empty:\nX-Long: one\n two\n\nfoo[bar\n");
        await using var transcript = server.Transcript();
        // "RÉSUMÉ" composed, then with combining accents.
        await transcript.RunAsync(Session.Selected(4, 4) + """
            C> 1 SEARCH CHARSET UTF-8 SUBJECT {8+}\r\nR\xC3\x89SUM\xC3\x89\r\n
            S: * SEARCH 1
            S: 1 OK SEARCH completed
            C> 2 SEARCH CHARSET UTF-8 TEXT {10+}\r\nre\xCC\x81sume\xCC\x81\r\n
            S: * SEARCH 1
            S: 2 OK SEARCH completed
            C> 3 SEARCH CHARSET UTF-8 BODY {16+}\r\nzimmer f\xC3\xBCr zwei\r\n
            S: * SEARCH 2
            S: 3 OK SEARCH completed
            C> 4 SEARCH CHARSET UTF-8 HEADER Content-Type {7+}\r\ngr\xC3\xB6\xC3\x9Fe\r\n
            S: * SEARCH 3
            S: 4 OK SEARCH completed
            C: 5 SEARCH HEADER X-Empty ""
            S: * SEARCH 4
            S: 5 OK SEARCH completed
            C: 6 SEARCH HEADER x-long "one two"
            S: * SEARCH 4
            S: 6 OK SEARCH completed
            C: 7 SEARCH BODY "o[b"
            S: * SEARCH 4
            S: 7 OK SEARCH completed
            C: 8 SEARCH BODY "mmer" NOT BODY "zimmer fur"
            S: * SEARCH 2
            S: 8 OK SEARCH completed
            C> 9 SEARCH SUBJECT {1+}\r\n\xC9\r\n
            S: 9 BAD Text is not valid UTF-8
            C: 10 SEARCH CHARSET US-ASCII SUBJECT none
            S: * SEARCH 2
            S: 10 OK SEARCH completed
            """);
    }

    [Fact]
    public async Task PARTIAL()
    {
        var server = await Session.ServerAsync(messages: 6);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(6, 6) + """
            C: 1 UID SEARCH RETURN (PARTIAL 1:2 COUNT) NOT 2
            S: * ESEARCH (TAG "1") UID PARTIAL (1:2 1,3) COUNT 5
            S: 1 OK UID SEARCH completed
            C: 2 SEARCH RETURN (PARTIAL -1:-2) ALL
            S: * ESEARCH (TAG "2") PARTIAL (-1:-2 5:6)
            S: 2 OK SEARCH completed
            C: 3 SEARCH RETURN (PARTIAL -100:-5) ALL
            S: * ESEARCH (TAG "3") PARTIAL (-100:-5 1:2)
            S: 3 OK SEARCH completed
            C: 4 SEARCH RETURN (PARTIAL 5:100) ALL
            S: * ESEARCH (TAG "4") PARTIAL (5:100 5:6)
            S: 4 OK SEARCH completed
            C: 5 SEARCH RETURN (PARTIAL 7:100 MIN) ALL
            S: * ESEARCH (TAG "5") MIN 1 PARTIAL (7:100 NIL)
            S: 5 OK SEARCH completed
            C: 6 SEARCH RETURN (PARTIAL 4:3) ALL
            S: * ESEARCH (TAG "6") PARTIAL (4:3 3:4)
            S: 6 OK SEARCH completed
            C: 7 SEARCH RETURN (PARTIAL 1:-3) ALL
            S: 7 BAD Both ends of a partial range count from the same end
            C: 8 SEARCH RETURN (PARTIAL 0:3) ALL
            S: 8 BAD Zero is not allowed here
            C: 9 SEARCH RETURN (PARTIAL 1:3 ALL) ALL
            S: 9 BAD ALL and PARTIAL exclude each other
            C: 10 SEARCH RETURN (PARTIAL 1:3 PARTIAL 2:3) ALL
            S: 10 BAD PARTIAL is given once
            C: 11 SEARCH RETURN (PARTIAL 1:3) DELETED
            S: * ESEARCH (TAG "11") PARTIAL (1:3 NIL)
            S: 11 OK SEARCH completed
            """);
    }

    [Fact]
    public async Task SEARCHRES()
    {
        var server = await Session.ServerAsync(messages: 6);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(6, 6) + """
            # nothing is saved yet
            C: 1 FETCH $ UID
            S: 1 OK FETCH completed
            C: 2 SEARCH RETURN (SAVE) OR SUBJECT "hello 2" OR SUBJECT "hello 4" SUBJECT "hello 5"
            S: 2 OK SEARCH completed
            C: 3 FETCH $ UID
            S: * 2 FETCH (UID 2)
            S: * 4 FETCH (UID 4)
            S: * 5 FETCH (UID 5)
            S: 3 OK FETCH completed
            C: 4 UID STORE $ +FLAGS.SILENT (\Flagged)
            S: 4 OK UID STORE completed
            C: 5 UID SEARCH NOT $
            S: * SEARCH 1 3 6
            S: 5 OK UID SEARCH completed
            C: 6 SEARCH UID $ FLAGGED SUBJECT 4
            S: * SEARCH 4
            S: 6 OK SEARCH completed
            # only what MIN and MAX name, unless all are asked for
            C: 7 SEARCH RETURN (SAVE MIN) $
            S: * ESEARCH (TAG "7") MIN 2
            S: 7 OK SEARCH completed
            C: 8 UID SEARCH $
            S: * SEARCH 2
            S: 8 OK UID SEARCH completed
            C: 9 SEARCH RETURN (SAVE MIN MAX) FLAGGED
            S: * ESEARCH (TAG "9") MIN 2 MAX 5
            S: 9 OK SEARCH completed
            C: 10 UID SEARCH $
            S: * SEARCH 2 5
            S: 10 OK UID SEARCH completed
            C: 11 SEARCH RETURN (SAVE MIN COUNT) FLAGGED
            S: * ESEARCH (TAG "11") MIN 2 COUNT 3
            S: 11 OK SEARCH completed
            # BAD leaves it, NO empties it
            C: 12 SEARCH RETURN (SAVE) NONSENSE
            S: 12 BAD Expected a space and an argument
            C: 13 UID SEARCH $
            S: * SEARCH 2 4 5
            S: 13 OK UID SEARCH completed
            # what is expunged drops out, whatever becomes of the numbers
            C: 14 STORE 1,4 +FLAGS.SILENT (\Deleted)
            S: 14 OK STORE completed
            C: 15 EXPUNGE
            S: * 1 EXPUNGE
            S: * 3 EXPUNGE
            S: 15 OK EXPUNGE completed
            C: 16 SEARCH $
            S: * SEARCH 1 3
            S: 16 OK SEARCH completed
            C: 17 UID MOVE $ Trash
            S~ \* OK \[COPYUID \d+ 2,5 1:2\] Moved
            S: * 1 EXPUNGE
            S: * 2 EXPUNGE
            S: 17 OK UID MOVE completed
            C: 18 UID SEARCH $
            S: * SEARCH
            S: 18 OK UID SEARCH completed
            C: 19 SEARCH RETURN (SAVE) ALL
            S: 19 OK SEARCH completed
            C: 20 SEARCH RETURN (SAVE) CHARSET KOI8-R SUBJECT x
            S: 20 NO [BADCHARSET (US-ASCII UTF-8)] Only US-ASCII and UTF-8
            C: 21 SEARCH RETURN (COUNT) $
            S: * ESEARCH (TAG "21") COUNT 0
            S: 21 OK SEARCH completed
            C: 22 FETCH 1,$ UID
            S: 22 BAD Expected a number
            C: 23 SEARCH RETURN (SAVE PARTIAL -1:-1) ALL
            S: * ESEARCH (TAG "23") PARTIAL (-1:-1 2)
            S: 23 OK SEARCH completed
            C: 24 UID SEARCH $
            S: * SEARCH 6
            S: 24 OK UID SEARCH completed
            """);
    }

    [Fact]
    public async Task IMAP4rev2_answers_ESEARCH()
    {
        var server = await Session.ServerAsync(messages: 2);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(2, 2) + """
            C: 1 ENABLE IMAP4rev2
            S: * ENABLED IMAP4rev2
            S: 1 OK ENABLE completed
            C: 2 UID SEARCH ALL
            S: * ESEARCH (TAG "2") UID ALL 1:2
            S: 2 OK UID SEARCH completed
            C: 3 SEARCH DELETED
            S: * ESEARCH (TAG "3")
            S: 3 OK SEARCH completed
            """);
    }

    [Fact]
    public async Task UIDONLY_takes_no_numbers()
    {
        var server = await Session.ServerAsync(messages: 2);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(2, 2) + """
            C: 1 ENABLE UIDONLY
            S: * ENABLED UIDONLY
            S: 1 OK ENABLE completed
            C: 2 UID SEARCH RETURN (SAVE COUNT) UID 2
            S: * ESEARCH (TAG "2") UID COUNT 1
            S: 2 OK UID SEARCH completed
            C: 3 UID SEARCH $
            S: * SEARCH 2
            S: 3 OK UID SEARCH completed
            C: 4 UID SEARCH 1:2
            S~ 4 BAD \[UIDREQUIRED\] .*
            C: 5 SORT (DATE) UTF-8 ALL
            S~ 5 BAD \[UIDREQUIRED\] .*
            """);
    }

    [Fact]
    public async Task A_saved_result_is_of_the_mailbox_that_was_selected()
    {
        var server = await Session.ServerAsync(messages: 2);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(2, 2) + """
            C: 1 SEARCH RETURN (SAVE) ALL
            S: 1 OK SEARCH completed
            C: 2 UNSELECT
            S: 2 OK UNSELECT completed

            """ + Session.Selected(2, 0).Replace(Session.LoggedIn, "", StringComparison.Ordinal) + """
            C: 3 SEARCH $
            S: * SEARCH
            S: 3 OK SEARCH completed
            """);
    }

    [Fact]
    public async Task CONTEXT_SEARCH_keeps_a_result_up_to_date()
    {
        var server = await Session.ServerAsync(messages: 3);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(3, 3) + """
            C: 1 UID SEARCH RETURN (UPDATE CONTEXT ALL) UNSEEN
            S: * ESEARCH (TAG "1") UID ALL 1:3
            S: 1 OK UID SEARCH completed
            C: 2 SEARCH RETURN (UPDATE COUNT) FLAGGED
            S: * ESEARCH (TAG "2") COUNT 0
            S: 2 OK SEARCH completed
            C: 3 STORE 2 +FLAGS.SILENT (\Seen \Flagged)
            S: * ESEARCH (TAG "1") UID REMOVEFROM (0 2)
            S: * ESEARCH (TAG "2") ADDTO (0 2)
            S: 3 OK STORE completed
            C: 4 STORE 1:2 +FLAGS.SILENT (\Deleted)
            S: 4 OK STORE completed
            C: 5 EXPUNGE
            S: * ESEARCH (TAG "1") UID REMOVEFROM (0 1)
            S: * ESEARCH (TAG "2") REMOVEFROM (0 2)
            S: * 1 EXPUNGE
            S: * 1 EXPUNGE
            S: 5 OK EXPUNGE completed

            """);
        await server.DeliverAsync(Session.Simple);
        await transcript.RunAsync("""
            C: 6 NOOP
            S: * 2 EXISTS
            S: * 2 RECENT
            S: * ESEARCH (TAG "1") UID ADDTO (0 4)
            S: 6 OK NOOP completed
            C: 7 SEARCH RETURN (UPDATE) YOUNGER 60
            S: * ESEARCH (TAG "7")
            S: * NO [NOUPDATE "7"] Such a search is not kept up to date
            S: 7 OK SEARCH completed
            C: 1 SEARCH RETURN (UPDATE) ALL
            S: 1 BAD The tag is that of a search that is kept up to date
            C: 8 CANCELUPDATE "1" "2"
            S: 8 OK CANCELUPDATE completed
            C: 9 CANCELUPDATE "1"
            S: 9 BAD No search of that tag is kept up to date
            C: 10 STORE 1 +FLAGS.SILENT (\Seen \Flagged)
            S: 10 OK STORE completed
            """);
    }

    [Fact]
    public async Task CONTEXT_SEARCH_of_very_many_keys_is_not_kept_up_to_date()
    {
        var server = await Session.ServerAsync(messages: 1);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(1, 1));
        await transcript.RunAsync($"""
            C: 1 SEARCH RETURN (UPDATE COUNT) {string.Join(' ', Enumerable.Repeat("ALL", 99))}
            S: * ESEARCH (TAG "1") COUNT 1
            S: 1 OK SEARCH completed
            C: 2 SEARCH RETURN (UPDATE COUNT) ALL SEEN
            S: * ESEARCH (TAG "2") COUNT 0
            S: * NO [NOUPDATE "2"] Too many searches are kept up to date
            S: 2 OK SEARCH completed
            C: 3 CANCELUPDATE "1"
            S: 3 OK CANCELUPDATE completed
            C: 4 SEARCH RETURN (UPDATE COUNT) ALL SEEN
            S: * ESEARCH (TAG "4") COUNT 0
            S: 4 OK SEARCH completed

            """);
    }

    [Fact]
    public async Task CONTEXT_SEARCH_tells_in_IDLE_and_has_a_limit()
    {
        var server = await Session.ServerAsync(messages: 1);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(1, 1));
        for (var i = 0; i < 16; i++)
            await transcript.RunAsync($"C: u{i} SEARCH RETURN (UPDATE COUNT) {(i == 0 ? "UNDELETED" : "DELETED")}\nS: * ESEARCH (TAG \"u{i}\") COUNT {(i == 0 ? 1 : 0)}\nS: u{i} OK SEARCH completed\n");
        await transcript.RunAsync("""
            C: 1 SEARCH RETURN (UPDATE COUNT) ALL
            S: * ESEARCH (TAG "1") COUNT 1
            S: * NO [NOUPDATE "1"] Too many searches are kept up to date
            S: 1 OK SEARCH completed
            C: 2 IDLE
            S: + idling

            """);
        await server.DeliverAsync(Session.Simple);
        await transcript.RunAsync("""
            S: * 2 EXISTS
            S: * 2 RECENT
            S: * ESEARCH (TAG "u0") ADDTO (0 2)
            C: DONE
            S: 2 OK IDLE completed
            """);
    }

    [Fact]
    public async Task MULTISEARCH()
    {
        var server = await Session.ServerAsync(messages: 2);
        await server.DeliverAsync(Session.Simple, mailbox: "Archive");
        await server.Mailboxes.CreateAsync(server.Account.Id, MailboxName.Parse("Archive/2025/Q1"), SpecialUse.None, CancellationToken.None);
        await server.DeliverAsync(Session.Simple.Replace("hello", "deep", StringComparison.Ordinal), mailbox: "Archive/2025/Q1");
        var inbox = (await server.MailboxAsync("INBOX")).UidValidity;
        var archive = (await server.MailboxAsync("Archive")).UidValidity;
        var deep = (await server.MailboxAsync("Archive/2025/Q1")).UidValidity;
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + $"""
            C: 1 ESEARCH IN (personal) SUBJECT hello
            S: * ESEARCH (TAG "1" MAILBOX Archive UIDVALIDITY {archive}) UID ALL 1
            S: * ESEARCH (TAG "1" MAILBOX INBOX UIDVALIDITY {inbox}) UID ALL 1:2
            S: 1 OK ESEARCH completed
            C: 2 ESEARCH IN (subtree Archive) RETURN (COUNT MIN) ALL
            S: * ESEARCH (TAG "2" MAILBOX Archive UIDVALIDITY {archive}) UID MIN 1 COUNT 1
            S: * ESEARCH (TAG "2" MAILBOX Archive/2025/Q1 UIDVALIDITY {deep}) UID MIN 1 COUNT 1
            S: 2 OK ESEARCH completed
            C: 3 ESEARCH IN (subtree-one (Archive nothing) mailboxes "INBOX" inboxes) UID 1
            S: * ESEARCH (TAG "3" MAILBOX Archive UIDVALIDITY {archive}) UID ALL 1
            S: * ESEARCH (TAG "3" MAILBOX INBOX UIDVALIDITY {inbox}) UID ALL 1
            S: 3 OK ESEARCH completed
            C: 4 ESEARCH ALL
            S: 4 BAD No mailbox is selected
            C: 5 ESEARCH IN (personal) 1:2
            S: 5 BAD Message numbers mean nothing in several mailboxes
            C: 6 ESEARCH IN (personal) RETURN (SAVE) ALL
            S: 6 BAD SAVE is for the selected mailbox alone
            C: 7 ESEARCH IN (selected-delayed) ALL
            S: 7 BAD Unknown source
            C: 8 ESEARCH IN (mailboxes nowhere) ALL
            S: 8 OK ESEARCH completed
            C: 9 ESEARCH IN (inboxes) UID *
            S: * ESEARCH (TAG "9" MAILBOX INBOX UIDVALIDITY {inbox}) UID ALL 2
            S: 9 OK ESEARCH completed
            C: 10 ESEARCH IN (inboxes) CHARSET KOI8-R ALL
            S: 10 NO [BADCHARSET (US-ASCII UTF-8)] Only US-ASCII and UTF-8

            """ + Session.Selected(2, 2).Replace(Session.LoggedIn, "", StringComparison.Ordinal) + $"""
            C: 11 ESEARCH RETURN (SAVE COUNT) SUBJECT "hello 2"
            S: * ESEARCH (TAG "11" MAILBOX INBOX UIDVALIDITY {inbox}) UID COUNT 1
            S: 11 OK ESEARCH completed
            C: 12 FETCH $ UID
            S: * 2 FETCH (UID 2)
            S: 12 OK FETCH completed
            """);
    }

    [Fact]
    public async Task A_search_has_its_limits()
    {
        var server = await Session.ServerAsync(messages: 1);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(1, 1));
        await transcript.RunAsync($"C: 1 SEARCH {new string('(', 40)}ALL{new string(')', 40)}\nS: * SEARCH 1\nS: 1 OK SEARCH completed\n");
        await transcript.RunAsync($"C: 2 SEARCH {new string('(', 41)}ALL{new string(')', 41)}\nS: 2 BAD The search is too complex\n");
        await transcript.RunAsync($"C: 3 SEARCH {string.Concat(Enumerable.Repeat("NOT ", 39))}NEW\nS: * SEARCH\nS: 3 OK SEARCH completed\n");
        await transcript.RunAsync($"C: 4 SEARCH {string.Join(' ', Enumerable.Repeat("SEEN", 1001))}\nS: 4 BAD The search is too complex\n");
        await transcript.RunAsync($"C: 40 SEARCH {string.Join(' ', Enumerable.Repeat("NOT SUBJECT q", 100))}\nS: * SEARCH 1\nS: 40 OK SEARCH completed\n");
        await transcript.RunAsync($"C: 41 SEARCH {string.Join(' ', Enumerable.Repeat("NOT TEXT q", 101))}\nS: 41 BAD The search is too complex\n");
        await transcript.RunAsync($"C: 5 SORT ({string.Join(' ', Enumerable.Repeat("CC", 33))}) UTF-8 ALL\nS: 5 BAD Too many sort keys\n");
    }
}
