using Merpati.Mailboxes;
using Xunit;

namespace Merpati.Tests.Transcripts.Imap;

/// <summary>What changes the whole session: ENABLE IMAP4rev2 (RFC 9051) and UIDONLY (RFC 9586), UNAUTHENTICATE (RFC 8437); and FETCH in parts (RFC 9394).</summary>
public sealed class SessionTranscripts
{
    [Fact]
    public async Task IMAP4rev2_knows_no_recent_and_SELECT_lists_the_mailbox()
    {
        var server = await Session.ServerAsync(messages: 2);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + """
            C: 1 ENABLE IMAP4rev2
            S: * ENABLED IMAP4rev2
            S: 1 OK ENABLE completed
            C: 2 SELECT inbox
            S: * FLAGS (\Answered \Flagged \Deleted \Seen \Draft)
            S: * OK [PERMANENTFLAGS (\Answered \Flagged \Deleted \Seen \Draft \*)] Flags are kept
            S: * 2 EXISTS
            S~ \* OK \[UIDVALIDITY \d+\] UIDs are valid
            S: * OK [UIDNEXT 3] Next UID
            S: * OK [HIGHESTMODSEQ 3] Highest
            S~ \* OK \[MAILBOXID \(F\w+\)\] Its id
            S: * LIST () "/" INBOX
            S: 2 OK [READ-WRITE] SELECT completed
            C: 3 FETCH 1 FLAGS
            S: * 1 FETCH (FLAGS ())
            S: 3 OK FETCH completed

            """);
        await server.DeliverAsync(Session.Simple);
        await transcript.RunAsync("""
            C: 4 NOOP
            S: * 3 EXISTS
            S: 4 OK NOOP completed
            C: 5 SELECT Archive
            S: * OK [CLOSED] The mailbox selected before is closed
            S~ \* FLAGS .*
            S~ .*PERMANENTFLAGS.*
            S: * 0 EXISTS
            S~ .*UIDVALIDITY.*
            S~ .*UIDNEXT.*
            S~ .*HIGHESTMODSEQ.*
            S~ \* OK \[MAILBOXID \(F\w+\)\] Its id
            S: * LIST () "/" Archive
            S: 5 OK [READ-WRITE] SELECT completed
            C: 6 STATUS INBOX (RECENT)
            # nobody took it
            S: * STATUS INBOX (RECENT 3)
            S: 6 OK STATUS completed
            """);
    }

    [Fact]
    public async Task UNAUTHENTICATE_lets_somebody_else_log_in()
    {
        var server = await Session.ServerAsync(messages: 1);
        await using var transcript = server.Transcript();
        await transcript.RunAsync("""
            S~ \* OK .*
            C: 0 UNAUTHENTICATE
            S: 0 BAD Log in first
            C: a LOGIN ann@example.test secret
            S~ a OK .*
            C: 1 ENABLE QRESYNC IMAP4rev2 UIDONLY
            S: * ENABLED QRESYNC IMAP4rev2 UIDONLY
            S: 1 OK ENABLE completed
            C: 2 NOTIFY SET (personal (MessageNew MessageExpunge))
            S: 2 OK NOTIFY completed
            C: 3 EXAMINE INBOX
            S~ \* FLAGS .*
            S~ .*PERMANENTFLAGS.*
            S: * 1 EXISTS
            S~ .*UIDVALIDITY.*
            S~ .*UIDNEXT.*
            S~ .*HIGHESTMODSEQ.*
            S~ \* OK \[MAILBOXID \(F\w+\)\] Its id
            S: * LIST () "/" INBOX
            S: 3 OK [READ-ONLY] EXAMINE completed
            C: 4 UNAUTHENTICATE
            S~ 4 OK \[CAPABILITY IMAP4rev1 IMAP4rev2 LITERAL- .* AUTH=PLAIN\] UNAUTHENTICATE completed
            C: 5 STATUS INBOX (MESSAGES)
            S: 5 BAD Log in first

            """);
        await server.DeliverAsync(Session.Simple);
        await transcript.RunAsync("""
            C: 6 LOGIN ann@example.test secret
            S~ 6 OK .*
            C: 7 EXAMINE INBOX
            S~ \* FLAGS .*
            S~ .*PERMANENTFLAGS.*
            S: * 2 EXISTS
            S: * 2 RECENT
            S: * OK [UNSEEN 1] First unseen
            S~ .*UIDVALIDITY.*
            S~ .*UIDNEXT.*
            S~ .*HIGHESTMODSEQ.*
            S~ \* OK \[MAILBOXID \(F\w+\)\] Its id
            S: 7 OK [READ-ONLY] EXAMINE completed
            C: 8 FETCH 1 FLAGS
            S: * 1 FETCH (FLAGS (\Recent))
            S: 8 OK FETCH completed
            """);
    }

    [Fact]
    public async Task The_patience_for_a_login_begins_again_after_UNAUTHENTICATE()
    {
        var server = await Session.ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + """
            * advance 5:00
            C: 1 UNAUTHENTICATE
            S~ 1 OK .*
            * advance 0:59
            C: 2 NOOP
            S: 2 OK NOOP completed
            * advance 0:02
            S: * BYE Login took too long
            * closed
            """);
    }

    [Fact]
    public async Task UIDONLY_has_no_message_numbers()
    {
        var server = await Session.ServerAsync(messages: 3);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + """
            C: 1 ENABLE UIDONLY
            S: * ENABLED UIDONLY
            S: 1 OK ENABLE completed
            C: 2 SELECT INBOX
            S~ \* FLAGS .*
            S~ .*PERMANENTFLAGS.*
            S: * 3 EXISTS
            S: * 3 RECENT
            S~ .*UIDVALIDITY.*
            S~ .*UIDNEXT.*
            S~ .*HIGHESTMODSEQ.*
            S~ \* OK \[MAILBOXID \(F\w+\)\] Its id
            S: 2 OK [READ-WRITE] SELECT completed
            C: 3 FETCH 1 FLAGS
            S: 3 BAD [UIDREQUIRED] Message numbers are of no use after ENABLE UIDONLY
            C: 4 STORE 1 FLAGS ()
            S~ 4 BAD \[UIDREQUIRED\] .*
            C: 5 SEARCH ALL
            S~ 5 BAD \[UIDREQUIRED\] .*
            C: 6 COPY 1 Archive
            S~ 6 BAD \[UIDREQUIRED\] .*
            C: 7 MOVE 1 Archive
            S~ 7 BAD \[UIDREQUIRED\] .*
            C: 8 UID SEARCH NOT (OR SEEN 1:2)
            S~ 8 BAD \[UIDREQUIRED\] .*
            C: 9 UID SEARCH UID 2:3
            S~ \* .*SEARCH.*
            S: 9 OK UID SEARCH completed
            C: 10 UID FETCH 2:3 (FLAGS)
            S: * 2 UIDFETCH (FLAGS (\Recent))
            S: * 3 UIDFETCH (FLAGS (\Recent))
            S: 10 OK UID FETCH completed
            C: 11 UID FETCH 2 (UID RFC822.SIZE)
            S~ \* 2 UIDFETCH \(UID 2 RFC822.SIZE \d+\)
            S: 11 OK UID FETCH completed
            C: 12 UID FETCH 2 (UID)
            S: * 2 UIDFETCH (UID 2)
            S: 12 OK UID FETCH completed
            C: 13 UID STORE 2 (UNCHANGEDSINCE 1) +FLAGS (\Deleted)
            S: * OK [HIGHESTMODSEQ 4] Highest
            S: 13 OK [MODIFIED 2] Some of the messages have changed since
            C: 14 UID STORE 2 +FLAGS (\Deleted)
            S: * 2 UIDFETCH (FLAGS (\Recent \Deleted) MODSEQ (5))
            S: 14 OK UID STORE completed
            C: 15 EXPUNGE
            S: * VANISHED 2
            S: 15 OK [HIGHESTMODSEQ 6] EXPUNGE completed
            C: 16 UID MOVE 1 Archive
            S~ \* OK \[COPYUID \d+ 1 1\] Moved
            S: * VANISHED 1
            S: 16 OK [HIGHESTMODSEQ 7] UID MOVE completed

            """);
        var inbox = await server.MailboxAsync("INBOX");
        await server.Mailboxes.StoreFlagsAsync(server.Account.Id, inbox.Id, UidSet.All, FlagOperation.Add, new MessageFlags(SystemFlags.Seen, []), null, CancellationToken.None);
        await transcript.RunAsync("""
            C: 17 NOOP
            S: * 3 UIDFETCH (FLAGS (\Recent \Seen) MODSEQ (8))
            S: 17 OK NOOP completed
            """);
    }

    [Fact]
    public async Task PARTIAL_takes_some_of_the_messages_from_either_end()
    {
        var server = await Session.ServerAsync(messages: 6);
        var inbox = await server.MailboxAsync("INBOX");
        await server.Mailboxes.ExpungeAsync(server.Account.Id, inbox.Id, UidSet.Of(new Uid(2)), onlyDeleted: false, CancellationToken.None);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(5, 5) + """
            C: 1 UID FETCH 1:* (UID) (PARTIAL 2:3)
            S: * 2 FETCH (UID 3)
            S: * 3 FETCH (UID 4)
            S: 1 OK UID FETCH completed
            C: 2 UID FETCH 1:5 (FLAGS) (PARTIAL -1:-2)
            S: * 3 FETCH (UID 4 FLAGS (\Recent))
            S: * 4 FETCH (UID 5 FLAGS (\Recent))
            S: 2 OK UID FETCH completed
            C: 3 UID FETCH 1:* (UID) (PARTIAL -4:-100)
            S: * 1 FETCH (UID 1)
            S: * 2 FETCH (UID 3)
            S: 3 OK UID FETCH completed
            C: 4 UID FETCH 1:* (UID) (PARTIAL 6:10)
            S: 4 OK UID FETCH completed
            C: 5 UID FETCH 1:* (FLAGS) (PARTIAL -1:-1 CHANGEDSINCE 4)
            S: * OK [HIGHESTMODSEQ 8] Highest
            S: * 5 FETCH (UID 6 FLAGS (\Recent) MODSEQ (7))
            S: 5 OK UID FETCH completed
            C: 6 UID FETCH 1:* (FLAGS) (PARTIAL -1:1)
            S~ 6 BAD .*
            C: 7 UID FETCH 1:* (FLAGS) (PARTIAL 0:1)
            S~ 7 BAD .*
            C: 8 FETCH 1:* (FLAGS) (PARTIAL 1:2)
            S~ 8 BAD .*
            """);
    }

    [Fact]
    public async Task UIDBATCHES_cuts_the_mailbox_from_the_newest_down()
    {
        var server = await Session.ServerAsync(messages: 3);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(3, 3) + """
            C: 1 UIDBATCHES 499
            S: 1 NO [TOOSMALL] A batch has at least 500 messages
            C: 2 UIDBATCHES 2000
            S: * UIDBATCHES (TAG "2") 3:1
            S: 2 OK UIDBATCHES completed
            C: 3 UIDBATCHES 2000 2:5
            S: * UIDBATCHES (TAG "3")
            S: 3 OK UIDBATCHES completed
            C: 4 UIDBATCHES 2000 1
            S~ 4 BAD .*
            C: 5 UIDBATCHES 0
            S~ 5 BAD .*
            """);
    }

    [Fact]
    public async Task COMPRESS_is_for_DEFLATE()
    {
        var server = await Session.ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync("""
            S~ \* OK .*
            C: 1 COMPRESS DEFLATE
            S: 1 BAD Log in first
            C: a LOGIN ann@example.test secret
            S~ a OK .*
            C: 2 COMPRESS LZW
            S: 2 NO [CANNOT] Only DEFLATE
            """);
    }
}
