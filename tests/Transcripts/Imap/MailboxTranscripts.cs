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
            S~ \* OK \[MAILBOXID \(F\w+\)\] Its id
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
            S~ \* OK \[MAILBOXID \(F\w+\)\] Its id
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
            S~ 1 OK \[MAILBOXID \(F\w+\)\] CREATE completed
            C: 2 CREATE owatagusiam/blurdybloop
            S~ 2 OK \[MAILBOXID \(F\w+\)\] CREATE completed
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
            # a mailbox goes, what is below it stays, and so does the name above that
            C: 8 DELETE owatagusiam
            S: 8 OK DELETE completed
            C: 8a LIST "" o*
            S: * LIST (\HasNoChildren) "/" owatagusiam/blurdybloop
            S: 8a OK LIST completed
            C: 8b LIST "" o%
            S: * LIST (\Noselect \HasChildren) "/" owatagusiam
            S: 8b OK LIST completed
            C: 8c LIST "" o% RETURN (CHILDREN STATUS (MESSAGES))
            S: * LIST (\NonExistent \HasChildren) "/" owatagusiam
            S: 8c OK LIST completed
            C: 8d DELETE owatagusiam
            S: 8d NO [HASCHILDREN] There are mailboxes below it
            C: 8e SELECT owatagusiam
            S: 8e NO [NONEXISTENT] No such mailbox
            C: 8f RENAME owatagusiam elsewhere
            S: 8f OK RENAME completed
            C: 8g LIST "" *blurdy*
            S: * LIST (\HasNoChildren) "/" elsewhere/blurdybloop
            S: 8g OK LIST completed
            # a level of hierarchy can become a mailbox
            C: 8h CREATE elsewhere
            S~ 8h OK \[MAILBOXID \(F\w+\)\] CREATE completed
            C: 9 RENAME elsewhere sarasoop
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
            S~ 19 OK \[MAILBOXID \(F\w+\)\] CREATE completed
            C: 20 LIST "" M*
            S: * LIST (\HasNoChildren) "/" M&AOQ-rz
            S: 20 OK LIST completed
            C: 21 CREATE "with space"
            S~ 21 OK \[MAILBOXID \(F\w+\)\] CREATE completed
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
            S~ 1 OK \[MAILBOXID \(F\w+\)\] CREATE completed
            C: 2 SELECT temp
            S~ \* FLAGS .*
            S~ .*PERMANENTFLAGS.*
            S: * 0 EXISTS
            S: * 0 RECENT
            S~ .*UIDVALIDITY.*
            S~ .*UIDNEXT.*
            S~ .*HIGHESTMODSEQ.*
            S~ \* OK \[MAILBOXID \(F\w+\)\] Its id
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
            S2~ \* OK \[MAILBOXID \(F\w+\)\] Its id
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
            S~ 3 OK \[MAILBOXID \(F\w+\)\] CREATE completed
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
            S~ 10 OK \[MAILBOXID \(F\w+\)\] CREATE completed
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
            S: 15 BAD RECURSIVEMATCH needs another option
            C: 15a LIST (REMOTE RECURSIVEMATCH) "" *
            S: 15a BAD RECURSIVEMATCH needs another option
            C: 15b LIST (NONSENSE) "" *
            S: 15b BAD Unknown selection option
            # an option that comes twice counts once, and an empty pattern is passed over where the syntax is the extended one
            C: 15c LIST (SPECIAL-USE SPECIAL-USE REMOTE) "" ("" "Tr%" Tras*)
            S: * LIST (\HasNoChildren \Trash) "/" Trash
            S: 15c OK LIST completed
            C: 15d LIST "" "" RETURN (CHILDREN)
            S: 15d OK LIST completed
            C: 15e LIST (SPECIAL-USE RECURSIVEMATCH) "" (T% f*)
            S: * LIST (\HasNoChildren \Trash) "/" Trash
            S: 15e OK LIST completed
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
            S~ 1 OK \[MAILBOXID \(F\w+\)\] CREATE completed
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

    /// <summary>RFC 9051 §6.3.9.8, examples 2, 7 and 8.</summary>
    [Fact]
    public async Task LIST_SUBSCRIBED_RECURSIVEMATCH_says_what_is_below()
    {
        var server = await Session.ServerAsync();
        foreach (var name in (string[])["foo2/bar1", "foo2/bar2", "baz2/bar2", "baz2/bar22", "baz2/bar222", "eps2/mamba", "qux2/bar2"])
        {
            await server.Mailboxes.EnsureAccountAsync(server.Account.Id, CancellationToken.None);
            await server.Mailboxes.CreateAsync(server.Account.Id, MailboxName.Parse(name), SpecialUse.None, CancellationToken.None);
            await server.Mailboxes.SubscribeAsync(server.Account.Id, MailboxName.Parse(name), true, CancellationToken.None);
        }
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + """
            C: 1 SUBSCRIBE eps2
            S: 1 OK SUBSCRIBE completed
            C: 2 DELETE qux2
            S: 2 OK DELETE completed
            C: 3 LIST (RECURSIVEMATCH SUBSCRIBED) "" "*2"
            S: * LIST (\HasNoChildren \Subscribed) "/" baz2/bar2
            S: * LIST (\HasNoChildren \Subscribed) "/" baz2/bar22
            S: * LIST (\HasNoChildren \Subscribed) "/" baz2/bar222
            S: * LIST (\HasChildren \Subscribed) "/" eps2 ("CHILDINFO" ("SUBSCRIBED"))
            S: * LIST (\HasChildren) "/" foo2 ("CHILDINFO" ("SUBSCRIBED"))
            S: * LIST (\HasNoChildren \Subscribed) "/" foo2/bar2
            S: * LIST (\HasNoChildren \Subscribed) "/" qux2/bar2
            S: 3 OK LIST completed
            C: 4 LIST (SUBSCRIBED RECURSIVEMATCH) "" "q%"
            S: * LIST (\NonExistent \HasChildren) "/" qux2 ("CHILDINFO" ("SUBSCRIBED"))
            S: 4 OK LIST completed
            C: 5 LIST (SUBSCRIBED) "" "q%"
            S: 5 OK LIST completed
            C: 6 LIST (SUBSCRIBED) "" "eps2"
            S: * LIST (\HasChildren \Subscribed) "/" eps2
            S: 6 OK LIST completed
            # both options at once: subscribed and of a special use
            C: 7 LIST (SUBSCRIBED SPECIAL-USE) "" *
            S: * LIST (\HasNoChildren \Subscribed \Archive) "/" Archive
            S: * LIST (\HasNoChildren \Subscribed \Drafts) "/" Drafts
            S: * LIST (\HasNoChildren \Subscribed \Junk) "/" Junk
            S: * LIST (\HasNoChildren \Subscribed \Sent) "/" Sent
            S: * LIST (\HasNoChildren \Subscribed \Trash) "/" Trash
            S: 7 OK LIST completed
            C: 8 CREATE x/y/Bin
            S~ 8 OK \[MAILBOXID \(F\w+\)\] CREATE completed
            C: 9 LIST (RECURSIVEMATCH SPECIAL-USE) "" x%
            S: 9 OK LIST completed
            """);
    }

    [Fact]
    public async Task STATUS_of_deleted_messages()
    {
        var server = await Session.ServerAsync(messages: 2);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + """
            C: 1 STATUS INBOX (DELETED DELETED-STORAGE)
            S: * STATUS INBOX (DELETED 0 DELETED-STORAGE 0)
            S: 1 OK STATUS completed
            C: 2 SELECT INBOX
            S~ \* FLAGS .*
            S~ .*PERMANENTFLAGS.*
            S: * 2 EXISTS
            S: * 2 RECENT
            S~ .*UNSEEN.*
            S~ .*UIDVALIDITY.*
            S~ .*UIDNEXT.*
            S~ .*HIGHESTMODSEQ.*
            S~ .*MAILBOXID.*
            S~ 2 OK .*
            C: 3 STORE 1 +FLAGS.SILENT (\Deleted)
            S: 3 OK STORE completed
            C: 4 STATUS INBOX (MESSAGES DELETED DELETED-STORAGE)
            S: * STATUS INBOX (MESSAGES 2 DELETED 1 DELETED-STORAGE 148)
            S: 4 OK STATUS completed
            C: 5 LIST "" INBOX RETURN (STATUS (DELETED-STORAGE))
            S: * LIST (\HasNoChildren) "/" INBOX
            S: * STATUS INBOX (DELETED-STORAGE 148)
            S: 5 OK LIST completed
            """);
    }

    [Fact]
    public async Task Names_of_any_script()
    {
        var server = await Session.ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + """
            # Chinese, Arabic, an emoji beyond the first plane, and a combining mark that NFC puts into its letter
            C: 1 CREATE "&U,BTFw-/&ZeVnLIqe-"
            S~ 1 OK \[MAILBOXID \(F\w+\)\] CREATE completed
            C: 2 CREATE "&BjUGRgYvBkgGQg-"
            S~ 2 OK \[MAILBOXID \(F\w+\)\] CREATE completed
            C: 3 CREATE "&2D3cjA-"
            S~ 3 OK \[MAILBOXID \(F\w+\)\] CREATE completed
            C: 4 CREATE "e&AwE-te&AwE-"
            S~ 4 OK \[MAILBOXID \(F\w+\)\] CREATE completed
            C: 5 LIST "" "*&AOk-*"
            S: * LIST (\HasNoChildren) "/" &AOk-t&AOk-
            S: 5 OK LIST completed
            C: 6 CREATE "&AOk-t&AOk-"
            S: 6 NO [ALREADYEXISTS] There is a mailbox of that name
            C: 7 RENAME "&U,BTFw-" "&U,A-/&U,A-"
            S: 7 OK RENAME completed
            C: 8 LIST "" "&U,A-/*"
            S: * LIST (\HasChildren) "/" &U,A-/&U,A-
            S: * LIST (\HasNoChildren) "/" &U,A-/&U,A-/&ZeVnLIqe-
            S: 8 OK LIST completed
            C: 9 CREATE "you & me"
            S: 9 NO [CANNOT] Such a mailbox name is not possible
            C: 10 CREATE "you &- me"
            S~ 10 OK \[MAILBOXID \(F\w+\)\] CREATE completed
            C: 11 STATUS "you &- me" (MESSAGES)
            S: * STATUS "you &- me" (MESSAGES 0)
            S: 11 OK STATUS completed
            """);
    }

    /// <summary>RFC 9051 §5.1, §6.3.9.7.</summary>
    [Fact]
    public async Task Names_are_in_UTF8_once_IMAP4rev2_is_enabled()
    {
        var server = await Session.ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + """
            C: 1 CREATE "&ZeVnLIqe-"
            S~ 1 OK \[MAILBOXID \(F\w+\)\] CREATE completed
            C: 2 ENABLE IMAP4rev2
            S: * ENABLED IMAP4rev2
            S: 2 OK ENABLE completed
            C: 3 LIST "" (日* T%)
            S: 3 BAD Expected a pattern
            C: 4 LIST "" ("日*" T%)
            S: * LIST (\HasNoChildren \Trash) "/" Trash
            S: * LIST (\HasNoChildren) "/" "日本語"
            S: 4 OK LIST completed
            # what was a shift before is a name now
            C: 5 CREATE "&ZeVnLIqe-"
            S~ 5 OK \[MAILBOXID \(F\w+\)\] CREATE completed
            C: 6 CREATE "été"
            S~ 6 OK \[MAILBOXID \(F\w+\)\] CREATE completed
            # the same in NFD
            C: 7 STATUS "été" (MESSAGES)
            S: * STATUS "été" (MESSAGES 0)
            S: 7 OK STATUS completed
            C: 8 CREATE "née"
            S: * LIST () "/" "née" ("OLDNAME" ("née"))
            S~ 8 OK \[MAILBOXID \(F\w+\)\] CREATE completed
            C: 9 RENAME "née" "mariée"
            S: * LIST () "/" "mariée" ("OLDNAME" ("née"))
            S: 9 OK RENAME completed
            C: 10 DELETE "mariée"
            S: * LIST (\NonExistent) "/" "mariée" ("OLDNAME" ("mariée"))
            S: 10 OK DELETE completed
            C: 11 RENAME INBOX old-mail
            S: 11 OK RENAME completed
            """);
    }
}
