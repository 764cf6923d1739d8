using Merpati.Mailboxes;
using Xunit;

namespace Merpati.Tests.Transcripts.Imap;

/// <summary>RFC 3501 §6.3: mailboxes, and LIST with its extensions.</summary>
public sealed class MailboxTranscripts
{
    [Fact]
    public async Task SELECT_EXAMINE_and_what_a_failure_leaves()
    {
        var server = await Session.ServerAsync(messages: 3);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + """
            C: 1 EXAMINE inbox
            S: * FLAGS (\Answered \Flagged \Deleted \Seen \Draft)
            S: * OK [PERMANENTFLAGS ()] No flag can be changed
            S: * 3 EXISTS
            S: * 3 RECENT
            S: * OK [UNSEEN 1] First unseen
            S~ \* OK \[UIDVALIDITY \d+\] UIDs are valid
            S: * OK [UIDNEXT 4] Next UID
            S~ \* OK \[HIGHESTMODSEQ \d+\] Highest
            S: 1 OK [READ-ONLY] EXAMINE completed
            C: 2 STORE 1 +FLAGS (\Seen)
            S: 2 NO [READ-ONLY] The mailbox is open read-only
            C: 3 EXPUNGE
            S: 3 NO [READ-ONLY] The mailbox is open read-only
            C: 4 SELECT "nothing here"
            S: 4 NO [NONEXISTENT] No such mailbox
            C: 5 FETCH 1 FLAGS
            S: 5 BAD Select a mailbox first
            # EXAMINE took \Recent from nobody, SELECT does
            C: 6 SELECT INBOX
            S: * FLAGS (\Answered \Flagged \Deleted \Seen \Draft)
            S: * OK [PERMANENTFLAGS (\Answered \Flagged \Deleted \Seen \Draft \*)] Flags are kept
            S: * 3 EXISTS
            S: * 3 RECENT
            S: * OK [UNSEEN 1] First unseen
            S~ \* OK \[UIDVALIDITY \d+\] UIDs are valid
            S: * OK [UIDNEXT 4] Next UID
            S~ \* OK \[HIGHESTMODSEQ \d+\] Highest
            S: 6 OK [READ-WRITE] SELECT completed
            C: 7 UNSELECT
            S: 7 OK UNSELECT completed
            C: 8 STATUS INBOX (MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN SIZE APPENDLIMIT)
            S~ \* STATUS INBOX \(MESSAGES 3 RECENT 0 UIDNEXT 4 UIDVALIDITY \d+ UNSEEN 3 SIZE \d+ APPENDLIMIT 52428800\)
            S: 8 OK STATUS completed
            C: 9 STATUS INBOX (NONSENSE)
            S: 9 BAD Unknown status item
            C: 10 STATUS INBOX ()
            S~ 10 BAD .*
            """);
    }

    [Fact]
    public async Task CREATE_RENAME_DELETE()
    {
        var server = await Session.ServerAsync(messages: 2);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + """
            C: 1 CREATE owatagusiam/
            S: 1 OK CREATE completed
            C: 2 CREATE owatagusiam/blurdybloop
            S: 2 OK CREATE completed
            C: 3 CREATE owatagusiam/blurdybloop
            S: 3 NO [ALREADYEXISTS] There is a mailbox of that name
            C: 4 CREATE Inbox
            S: 4 NO [ALREADYEXISTS] There is a mailbox of that name
            C: 5 CREATE "a//b"
            S: 5 NO [CANNOT] Such a mailbox name is not possible
            C: 6 CREATE "a*"
            S: 6 NO [CANNOT] Such a mailbox name is not possible
            C: 7 CREATE "&Jjo"
            S: 7 NO [CANNOT] Such a mailbox name is not possible
            C: 8 DELETE owatagusiam
            S: 8 NO [HASCHILDREN] There are mailboxes below it
            C: 9 RENAME owatagusiam sarasoop
            S: 9 OK RENAME completed
            C: 10 LIST "" *oop*
            S: * LIST (\HasChildren) "/" sarasoop
            S: * LIST (\HasNoChildren) "/" sarasoop/blurdybloop
            S: 10 OK LIST completed
            C: 11 DELETE sarasoop/blurdybloop
            S: 11 OK DELETE completed
            C: 12 DELETE sarasoop/blurdybloop
            S: 12 NO [NONEXISTENT] No such mailbox
            C: 13 DELETE INBOX
            S: 13 NO [CANNOT] Not possible with this mailbox
            C: 14 RENAME INBOX old-mail
            S: 14 OK RENAME completed
            C: 15 STATUS old-mail (MESSAGES)
            S: * STATUS old-mail (MESSAGES 2)
            S: 15 OK STATUS completed
            C: 16 STATUS INBOX (MESSAGES)
            S: * STATUS INBOX (MESSAGES 0)
            S: 16 OK STATUS completed
            C: 17 RENAME nothing something
            S: 17 NO [NONEXISTENT] No such mailbox
            C: 18 RENAME old-mail Sent
            S: 18 NO [ALREADYEXISTS] There is a mailbox of that name
            C: 19 CREATE "M&AOQ-rz"
            S: 19 OK CREATE completed
            C: 20 LIST "" M*
            S: * LIST (\HasNoChildren) "/" M&AOQ-rz
            S: 20 OK LIST completed
            C: 21 CREATE "with space"
            S: 21 OK CREATE completed
            C: 22 LIST "" with*
            S: * LIST (\HasNoChildren) "/" "with space"
            S: 22 OK LIST completed
            C: 23 CREATE
            S~ 23 BAD .*
            """);
    }

    [Fact]
    public async Task DELETE_of_the_selected_mailbox()
    {
        var server = await Session.ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + """
            C: 1 CREATE temp
            S: 1 OK CREATE completed
            C: 2 SELECT temp
            S~ \* FLAGS .*
            S~ .*PERMANENTFLAGS.*
            S: * 0 EXISTS
            S: * 0 RECENT
            S~ .*UIDVALIDITY.*
            S~ .*UIDNEXT.*
            S~ .*HIGHESTMODSEQ.*
            S: 2 OK [READ-WRITE] SELECT completed
            S2~ \* OK .*
            C2: 1 LOGIN ann@example.test secret
            S2~ 1 OK .*
            C2: 2 SELECT temp
            S2~ \* FLAGS .*
            S2~ .*PERMANENTFLAGS.*
            S2: * 0 EXISTS
            S2: * 0 RECENT
            S2~ .*UIDVALIDITY.*
            S2~ .*UIDNEXT.*
            S2~ .*HIGHESTMODSEQ.*
            S2: 2 OK [READ-WRITE] SELECT completed
            C: 3 DELETE temp
            S: 3 OK DELETE completed
            C: 4 CLOSE
            S: 4 BAD Select a mailbox first
            C2: 3 NOOP
            S2: * BYE The selected mailbox was deleted
            S2: 3 NO [NONEXISTENT] The mailbox was deleted by another session
            * closed 2
            """);
    }

    [Fact]
    public async Task LIST_wildcards_references_and_special_uses()
    {
        var server = await Session.ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + """
            C: 1 LIST "" ""
            S: * LIST (\Noselect) "/" ""
            S: 1 OK LIST completed
            C: 2 LIST "" "*"
            S: * LIST (\HasNoChildren \Archive) "/" Archive
            S: * LIST (\HasNoChildren \Drafts) "/" Drafts
            S: * LIST (\HasNoChildren) "/" INBOX
            S: * LIST (\HasNoChildren \Junk) "/" Junk
            S: * LIST (\HasNoChildren \Sent) "/" Sent
            S: * LIST (\HasNoChildren \Trash) "/" Trash
            S: 2 OK LIST completed
            C: 3 CREATE foo/bar/baz
            S: 3 OK CREATE completed
            C: 4 LIST "" foo/%
            S: * LIST (\HasChildren) "/" foo/bar
            S: 4 OK LIST completed
            C: 5 LIST foo/ %
            S: * LIST (\HasChildren) "/" foo/bar
            S: 5 OK LIST completed
            C: 6 LIST foo/ *
            S: * LIST (\HasChildren) "/" foo/bar
            S: * LIST (\HasNoChildren) "/" foo/bar/baz
            S: 6 OK LIST completed
            C: 7 LIST "" inbox
            S: * LIST (\HasNoChildren) "/" INBOX
            S: 7 OK LIST completed
            C: 8 LIST "" iNb%
            S: * LIST (\HasNoChildren) "/" INBOX
            S: 8 OK LIST completed
            C: 9 LIST (SPECIAL-USE) "" (Sent "T*" foo)
            S: * LIST (\HasNoChildren \Sent) "/" Sent
            S: * LIST (\HasNoChildren \Trash) "/" Trash
            S: 9 OK LIST completed
            # one mailbox has a use; when it is gone another can have it
            C: 9a CREATE MyDrafts (USE (\Drafts))
            S: 9a NO [USEATTR] A mailbox cannot have that special use
            C: 9b DELETE Drafts
            S: 9b OK DELETE completed
            C: 10 CREATE MyDrafts (USE (\Drafts))
            S: 10 OK CREATE completed
            C: 11 LIST "" My% RETURN (SPECIAL-USE)
            S: * LIST (\HasNoChildren \Drafts) "/" MyDrafts
            S: 11 OK LIST completed
            C: 12 CREATE Everything (USE (\All))
            S: 12 NO [USEATTR] A mailbox cannot have that special use
            C: 13 LIST "" "f%" RETURN (STATUS (MESSAGES UIDNEXT))
            S: * LIST (\HasChildren) "/" foo
            S: * STATUS foo (MESSAGES 0 UIDNEXT 1)
            S: 13 OK LIST completed
            C: 14 LIST "" "%" RETURN (NONSENSE)
            S: 14 BAD Unknown RETURN option
            C: 15 LIST (RECURSIVEMATCH) "" *
            S: 15 BAD RECURSIVEMATCH needs SUBSCRIBED
            C: 16 LIST "" "&bad"
            S: 16 OK LIST completed
            """);
    }

    [Fact]
    public async Task Subscriptions()
    {
        var server = await Session.ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + """
            C: 1 CREATE foo/bar
            S: 1 OK CREATE completed
            C: 2 SUBSCRIBE foo/bar
            S: 2 OK SUBSCRIBE completed
            C: 3 SUBSCRIBE nothing
            S: 3 NO [NONEXISTENT] No such mailbox
            C: 4 LSUB "" "f*"
            S: * LSUB () "/" foo/bar
            S: 4 OK LSUB completed
            C: 5 LSUB "" "f%"
            S: * LSUB (\Noselect) "/" foo
            S: 5 OK LSUB completed
            C: 6 LIST (SUBSCRIBED) "" "f*"
            S: * LIST (\HasNoChildren \Subscribed) "/" foo/bar
            S: 6 OK LIST completed
            C: 7 LIST (SUBSCRIBED RECURSIVEMATCH) "" "f%"
            S: * LIST (\HasChildren) "/" foo ("CHILDINFO" ("SUBSCRIBED"))
            S: 7 OK LIST completed
            C: 8 LIST "" "foo*" RETURN (SUBSCRIBED)
            S: * LIST (\HasChildren) "/" foo
            S: * LIST (\HasNoChildren \Subscribed) "/" foo/bar
            S: 8 OK LIST completed
            # a subscription outlives its mailbox
            C: 9 DELETE foo/bar
            S: 9 OK DELETE completed
            C: 10 LIST (SUBSCRIBED) "" "f*"
            S: * LIST (\NonExistent \HasNoChildren \Subscribed) "/" foo/bar
            S: 10 OK LIST completed
            C: 11 UNSUBSCRIBE foo/bar
            S: 11 OK UNSUBSCRIBE completed
            C: 12 LSUB "" "foo*"
            S: 12 OK LSUB completed
            """);
    }
}
