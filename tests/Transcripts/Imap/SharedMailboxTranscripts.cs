using Merpati.Mailboxes;
using Merpati.TestKit;
using Xunit;

namespace Merpati.Tests.Transcripts.Imap;

/// <summary>Mailboxes of others (RFC 4314 §4, RFC 2342): what each command needs, and what is left out without it.</summary>
public sealed class SharedMailboxTranscripts
{
    private const MailboxRights Look = MailboxRights.Lookup | MailboxRights.Read;

    /// <summary>Bob has rights to mailboxes of Ann.</summary>
    private static async Task<ImapTestServer> ServerAsync(MailboxRights rights, int messages = 2, string mailbox = "INBOX", SystemFlags flags = SystemFlags.None)
    {
        var server = await Session.ServerAsync(messages, flags: flags);
        var bob = await server.AddAccountAsync("bob@example.test");
        await server.GrantAsync(Grantee.Of(bob.Id), rights, mailbox);
        return server;
    }

    /// <summary>Bob selects Ann's INBOX.</summary>
    private static string Selected(string permanentFlags, string code, int messages = 2, int recent = 2) => Session.BobLoggedIn + $$"""
        C2: b SELECT "Other Users/ann@example.test/INBOX"
        S2: * FLAGS (\Answered \Flagged \Deleted \Seen \Draft)
        S2: * OK [PERMANENTFLAGS ({{permanentFlags}})] {{(permanentFlags.Length == 0 ? "No flag can be changed" : "Flags are kept")}}
        S2: * {{messages}} EXISTS
        S2: * {{recent}} RECENT
        S2: * OK [UNSEEN 1] First unseen
        S2~ \* OK \[UIDVALIDITY \d+\] UIDs are valid
        S2~ \* OK \[UIDNEXT \d+\] Next UID
        S2~ \* OK \[HIGHESTMODSEQ \d+\] Highest
        S2~ \* OK \[MAILBOXID \(F\w+\)\] Its id
        S2: b OK [{{code}}] SELECT completed

        """;

    [Fact]
    public async Task Others_mailboxes_are_listed_with_what_one_may_see_of_them()
    {
        var server = await ServerAsync(Look);
        var team = await server.AddAccountAsync("team@example.test", shared: true);
        var off = await server.AddAccountAsync("off@example.test", enabled: false);
        foreach (var owner in new[] { team, off }) await server.GrantAsync(Grantee.Anyone, Look | MailboxRights.Insert, owner: owner);
        await server.GrantAsync(Grantee.Anyone, MailboxRights.Read, "Sent", team);
        await server.GrantAsync(Grantee.Anyone, MailboxRights.Lookup, "Archive", team);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.BobLoggedIn + """
            C2: 1 NAMESPACE
            S2: * NAMESPACE (("" "/")) (("Other Users/" "/")) (("Shared/" "/"))
            S2: 1 OK NAMESPACE completed
            C2: 2 LIST "" %
            S2: * LIST (\HasNoChildren \Archive) "/" Archive
            S2: * LIST (\HasNoChildren \Drafts) "/" Drafts
            S2: * LIST (\HasNoChildren) "/" INBOX
            S2: * LIST (\HasNoChildren \Junk) "/" Junk
            S2: * LIST (\Noselect \HasChildren) "/" "Other Users"
            S2: * LIST (\HasNoChildren \Sent) "/" Sent
            S2: * LIST (\Noselect \HasChildren) "/" Shared
            S2: * LIST (\HasNoChildren \Trash) "/" Trash
            S2: 2 OK LIST completed
            C2: 3 LIST "" "Other Users/%"
            S2: * LIST (\Noselect \HasChildren) "/" "Other Users/ann@example.test"
            S2: 3 OK LIST completed
            C2: 4 LIST "" ("Other Users/*" "Shared/*") RETURN (MYRIGHTS STATUS (MESSAGES))
            S2: * LIST (\HasNoChildren) "/" "Other Users/ann@example.test/INBOX"
            S2: * MYRIGHTS "Other Users/ann@example.test/INBOX" lr
            S2: * STATUS "Other Users/ann@example.test/INBOX" (MESSAGES 2)
            S2: * LIST (\HasNoChildren) "/" Shared/team@example.test/Archive
            S2: * MYRIGHTS Shared/team@example.test/Archive l
            S2: * LIST (\HasNoChildren) "/" Shared/team@example.test/INBOX
            S2: * MYRIGHTS Shared/team@example.test/INBOX lri
            S2: * STATUS Shared/team@example.test/INBOX (MESSAGES 0)
            S2: 4 OK LIST completed
            C2: 5 LIST "" INBOX RETURN (MYRIGHTS)
            S2: * LIST (\HasNoChildren) "/" INBOX
            S2: * MYRIGHTS INBOX lrswipkxteacd
            S2: 5 OK LIST completed
            C2: 6 LIST "" Shared RETURN (MYRIGHTS)
            S2: 6 OK LIST completed
            C2: 7 LIST (SPECIAL-USE) "" *
            S2: * LIST (\HasNoChildren \Archive) "/" Archive
            S2: * LIST (\HasNoChildren \Drafts) "/" Drafts
            S2: * LIST (\HasNoChildren \Junk) "/" Junk
            S2: * LIST (\HasNoChildren \Sent) "/" Sent
            S2: * LIST (\HasNoChildren \Trash) "/" Trash
            S2: 7 OK LIST completed
            """);
    }

    [Fact]
    public async Task Subscriptions_are_ones_own()
    {
        var server = await ServerAsync(Look);
        await server.GrantAsync(Grantee.Anyone, MailboxRights.Insert, "Sent");
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.BobLoggedIn + """
            C2: 1 SUBSCRIBE "Other Users/ANN@example.test/inbox"
            S2: 1 OK SUBSCRIBE completed
            C2: 2 LSUB "" "Other*"
            S2: * LSUB () "/" "Other Users/ann@example.test/INBOX"
            S2: 2 OK LSUB completed
            C2: 3 LIST (SUBSCRIBED) "Other Users/" *
            S2: * LIST (\HasNoChildren \Subscribed) "/" "Other Users/ann@example.test/INBOX"
            S2: 3 OK LIST completed
            C2: 4 SUBSCRIBE "Other Users/ann@example.test/Sent"
            S2: 4 NO [NONEXISTENT] No such mailbox
            C2: 5 SUBSCRIBE "Other Users/ann@example.test/Trash"
            S2: 5 NO [NONEXISTENT] No such mailbox
            C2: 6 UNSUBSCRIBE "Other Users/ann@example.test/INBOX"
            S2: 6 OK UNSUBSCRIBE completed
            C2: 7 LIST (SUBSCRIBED) "Other Users/" *
            S2: 7 OK LIST completed
            """);
    }

    [Fact]
    public async Task Who_may_only_read_changes_nothing()
    {
        var server = await ServerAsync(Look);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Selected("", "READ-ONLY") + """
            C2: 1 FETCH 1 (BODY[HEADER.FIELDS (SUBJECT)] FLAGS)
            S2: * 1 FETCH (BODY[HEADER.FIELDS (SUBJECT)] {20}
            S2: Subject: hello 1
            S2:
            S2:  FLAGS (\Recent))
            S2: 1 OK FETCH completed
            C2: 2 STORE 1 +FLAGS (\Seen)
            S2: 2 NO [READ-ONLY] The mailbox is open read-only
            C2: 3 EXPUNGE
            S2: 3 NO [READ-ONLY] The mailbox is open read-only
            C2: 4 MOVE 1 INBOX
            S2: 4 NO [READ-ONLY] The mailbox is open read-only
            C2: 5 UID COPY 1 INBOX
            S2~ 5 OK \[COPYUID \d+ 1 1\] UID COPY completed
            C2: 6 COPY 1 "Other Users/ann@example.test/INBOX"
            S2: 6 NO [NOPERM] You do not have the right to do that
            C2: 7 SEARCH SUBJECT "hello 2"
            S2: * SEARCH 2
            S2: 7 OK SEARCH completed
            C2: 8 STATUS INBOX (MESSAGES UNSEEN)
            S2: * STATUS INBOX (MESSAGES 1 UNSEEN 1)
            S2: 8 OK STATUS completed
            C2: 9 STATUS "Other Users/ann@example.test/INBOX" (MESSAGES UNSEEN DELETED-STORAGE)
            S2: * STATUS "Other Users/ann@example.test/INBOX" (MESSAGES 2 UNSEEN 2 DELETED-STORAGE 0)
            S2: 9 OK STATUS completed
            C2: 10 CLOSE
            S2: 10 OK CLOSE completed
            """.Replace("S2:\n", "S2: \n", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Flags_are_changed_as_far_as_there_are_rights()
    {
        var server = await ServerAsync(Look | MailboxRights.Seen | MailboxRights.Write);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Selected(@"\Answered \Flagged \Seen \Draft \*", "READ-WRITE") + """
            C2: 1 STORE 1 +FLAGS (\Seen \Deleted $Label1)
            S2: * FLAGS (\Answered \Flagged \Deleted \Seen \Draft $Label1)
            S2: * 1 FETCH (FLAGS (\Recent \Seen $Label1))
            S2: 1 OK STORE completed
            C2: 2 STORE 1 +FLAGS (\Deleted)
            S2: 2 NO [NOPERM] You do not have the right to do that
            C2: 3 EXPUNGE
            S2: 3 NO [NOPERM] You do not have the right to do that
            C2: 4 UID EXPUNGE 1
            S2: 4 NO [NOPERM] You do not have the right to do that
            C2: 5 MOVE 1 INBOX
            S2: 5 NO [NOPERM] You do not have the right to do that
            C2: 6 CLOSE
            S2: 6 OK CLOSE completed
            C2: 7 STATUS "Other Users/ann@example.test/INBOX" (MESSAGES UNSEEN)
            S2: * STATUS "Other Users/ann@example.test/INBOX" (MESSAGES 2 UNSEEN 1)
            S2: 7 OK STATUS completed
            """);
    }

    [Fact]
    public async Task Flags_that_one_may_not_change_stay_when_others_are_replaced()
    {
        var server = await ServerAsync(Look | MailboxRights.Seen, flags: SystemFlags.Deleted | SystemFlags.Flagged);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Selected(@"\Seen", "READ-WRITE") + """
            C2: 1 STORE 1:2 FLAGS (\Seen)
            S2: * 1 FETCH (FLAGS (\Recent \Flagged \Deleted \Seen))
            S2: * 2 FETCH (FLAGS (\Recent \Flagged \Deleted \Seen))
            S2: 1 OK STORE completed
            C2: 2 STORE 2 FLAGS ()
            S2: * 2 FETCH (FLAGS (\Recent \Flagged \Deleted))
            S2: 2 OK STORE completed
            C2: 3 STORE 2 FLAGS.SILENT (\Answered)
            S2: 3 NO [NOPERM] You do not have the right to do that
            C2: 4 STORE 1:2 (UNCHANGEDSINCE 1) FLAGS.SILENT (\Seen)
            S2~ \* OK \[HIGHESTMODSEQ \d+\] Highest
            S2~ 4 (OK|NO) \[MODIFIED 1:2\] Some of the messages have changed since.*
            C2: 5 FETCH 1:2 BODY[HEADER.FIELDS (X-NONE)]
            S2~ \* 1 FETCH \(BODY.*
            S2~ .*
            S2~ \)
            S2~ \* 2 FETCH \(BODY.*
            S2~ .*
            S2~ .*\\Seen.*\)
            S2: 5 OK FETCH completed
            C2: 6 CLOSE
            S2: 6 OK CLOSE completed
            """);
    }

    [Fact]
    public async Task What_comes_in_keeps_the_flags_for_which_there_are_rights()
    {
        var server = await ServerAsync(Look | MailboxRights.Insert | MailboxRights.Seen, messages: 0);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.BobLoggedIn + """
            C2: 1 APPEND INBOX (\Seen \Flagged $Label1 \Deleted) {19+}
            C2: Subject: x
            C2:
            C2: Hello
            S2~ 1 OK \[APPENDUID \d+ 1\] APPEND completed
            C2: 2 APPEND "Other Users/ann@example.test/INBOX" (\Seen \Flagged $Label1 \Deleted) {19+}
            C2: Subject: y
            C2:
            C2: Hello
            S2~ 2 OK \[APPENDUID \d+ 1\] APPEND completed
            C2: 3 SELECT INBOX
            S2: * FLAGS (\Answered \Flagged \Deleted \Seen \Draft)
            S2: * OK [PERMANENTFLAGS (\Answered \Flagged \Deleted \Seen \Draft \*)] Flags are kept
            S2: * 1 EXISTS
            S2: * 1 RECENT
            S2~ \* OK \[UIDVALIDITY \d+\] UIDs are valid
            S2~ \* OK \[UIDNEXT \d+\] Next UID
            S2~ \* OK \[HIGHESTMODSEQ \d+\] Highest
            S2~ \* OK \[MAILBOXID \(F\w+\)\] Its id
            S2: 3 OK [READ-WRITE] SELECT completed
            C2: 4 COPY 1 "Other Users/ann@example.test/INBOX"
            S2~ 4 OK \[COPYUID \d+ 1 2\] COPY completed
            C2: 5 MOVE 1 "Other Users/ann@example.test/INBOX"
            S2~ \* OK \[COPYUID \d+ 1 3\] Moved
            S2: * 1 EXPUNGE
            S2: 5 OK MOVE completed
            C2: 6 SELECT "Other Users/ann@example.test/INBOX"
            S2: * FLAGS (\Answered \Flagged \Deleted \Seen \Draft)
            S2: * OK [PERMANENTFLAGS (\Seen)] Flags are kept
            S2: * 3 EXISTS
            S2: * 3 RECENT
            S2~ \* OK \[UIDVALIDITY \d+\] UIDs are valid
            S2~ \* OK \[UIDNEXT \d+\] Next UID
            S2~ \* OK \[HIGHESTMODSEQ \d+\] Highest
            S2~ \* OK \[MAILBOXID \(F\w+\)\] Its id
            S2: 6 OK [READ-WRITE] SELECT completed
            C2: 7 FETCH 1:3 FLAGS
            S2: * 1 FETCH (FLAGS (\Recent \Seen))
            S2: * 2 FETCH (FLAGS (\Recent \Seen))
            S2: * 3 FETCH (FLAGS (\Recent \Seen))
            S2: 7 OK FETCH completed
            C2: 8 FETCH 3 BODY.PEEK[TEXT]
            S2: * 3 FETCH (BODY[TEXT] {5}
            S2: Hello)
            S2: 8 OK FETCH completed
            """);
    }

    [Fact]
    public async Task A_drop_box_takes_messages_and_shows_nothing()
    {
        var server = await ServerAsync(MailboxRights.Insert, messages: 1);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.BobLoggedIn + """
            C2: 1 APPEND "Other Users/ann@example.test/INBOX" {19+}
            C2: Subject: y
            C2:
            C2: Hello
            S2~ 1 OK \[APPENDUID \d+ 2\] APPEND completed
            C2: 2 SELECT "Other Users/ann@example.test/INBOX"
            S2: 2 NO [NONEXISTENT] No such mailbox
            C2: 3 STATUS "Other Users/ann@example.test/INBOX" (MESSAGES)
            S2: 3 NO [NONEXISTENT] No such mailbox
            C2: 4 LIST "" "Other Users*"
            S2: 4 OK LIST completed
            C2: 5 GETQUOTAROOT "Other Users/ann@example.test/INBOX"
            S2: 5 NO [NONEXISTENT] No such mailbox
            C2: 6 GETMETADATA "Other Users/ann@example.test/INBOX" /shared/comment
            S2: 6 NO [NONEXISTENT] No such mailbox
            C2: 7 APPEND "Other Users/ann@example.test/Sent" {19+}
            C2: Subject: y
            C2:
            C2: Hello
            S2: 7 NO [NONEXISTENT] No such mailbox
            C2: 8 DELETE "Other Users/ann@example.test/INBOX"
            S2: 8 NO [NONEXISTENT] No such mailbox
            """);
    }

    [Fact]
    public async Task Messages_are_moved_out_and_replaced_with_the_rights_to_delete_and_expunge()
    {
        var server = await ServerAsync(Look | MailboxRights.DeleteMessages | MailboxRights.Expunge | MailboxRights.Insert, messages: 3);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Selected(@"\Deleted", "READ-WRITE", messages: 3, recent: 3) + """
            C2: 1 MOVE 1 INBOX
            S2~ \* OK \[COPYUID \d+ 1 1\] Moved
            S2: * 1 EXPUNGE
            S2: 1 OK MOVE completed
            C2: 2 REPLACE 1 Drafts (\Draft) {19+}
            C2: Subject: z
            C2:
            C2: Hello
            S2~ \* OK \[APPENDUID \d+ 1\] The message is replaced
            S2: * 1 EXPUNGE
            S2: 2 OK REPLACE completed
            C2: 3 REPLACE 1 "Other Users/ann@example.test/INBOX" (\Draft) {19+}
            C2: Subject: z
            C2:
            C2: Hello
            S2~ \* OK \[APPENDUID \d+ 4\] The message is replaced
            S2: * 1 EXPUNGE
            S2: * 1 EXISTS
            S2: * 1 RECENT
            S2: 3 OK REPLACE completed
            C2: 4 FETCH 1 (UID FLAGS)
            S2: * 1 FETCH (UID 4 FLAGS (\Recent))
            S2: 4 OK FETCH completed
            C2: 5 STORE 1 +FLAGS (\Deleted \Flagged)
            S2: * 1 FETCH (FLAGS (\Recent \Deleted))
            S2: 5 OK STORE completed
            C2: 6 EXPUNGE
            S2: * 1 EXPUNGE
            S2: 6 OK EXPUNGE completed
            C2: 7 STATUS Drafts (MESSAGES)
            S2: * STATUS Drafts (MESSAGES 1)
            S2: 7 OK STATUS completed
            """);
    }

    [Fact]
    public async Task A_mailbox_below_anothers_is_created_renamed_and_deleted_with_k_and_x()
    {
        var server = await ServerAsync(Look, messages: 0);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + Session.BobLoggedIn + """
            C: 1 CREATE Projects
            S~ 1 OK \[MAILBOXID .*
            C: 2 SETACL Projects bob lrk
            S: 2 OK SETACL completed
            C: 3 SETACL Projects anyone l
            S: 3 OK SETACL completed
            C2: 1 CREATE "Other Users/ann@example.test/Projects/A/B"
            S2~ 1 OK \[MAILBOXID .*
            C2: 2 LIST "Other Users/ann@example.test/Projects" * RETURN (MYRIGHTS)
            S2: * LIST (\HasChildren) "/" "Other Users/ann@example.test/Projects"
            S2: * MYRIGHTS "Other Users/ann@example.test/Projects" lrkc
            S2: * LIST (\HasChildren) "/" "Other Users/ann@example.test/Projects/A"
            S2: * MYRIGHTS "Other Users/ann@example.test/Projects/A" lrkc
            S2: * LIST (\HasNoChildren) "/" "Other Users/ann@example.test/Projects/A/B"
            S2: * MYRIGHTS "Other Users/ann@example.test/Projects/A/B" lrkc
            S2: 2 OK LIST completed
            C: 4 GETACL Projects/A/B
            S: * ACL Projects/A/B ann@example.test lrswipkxteacd bob@example.test lrkc anyone l
            S: 4 OK GETACL completed
            C: 5 CREATE Projects/Mine
            S~ 5 OK \[MAILBOXID .*
            C: 6 GETACL Projects/Mine
            S: * ACL Projects/Mine ann@example.test lrswipkxteacd bob@example.test lrkc anyone l
            S: 6 OK GETACL completed
            C2: 3 CREATE "Other Users/ann@example.test/Projects/A"
            S2: 3 NO [ALREADYEXISTS] There is a mailbox of that name
            C2: 4 CREATE "Other Users/ann@example.test/New"
            S2: 4 NO [NOPERM] You do not have the right to do that
            C2: 5 CREATE "Other Users/nobody@example.test/New"
            S2: 5 NO [NOPERM] You do not have the right to do that
            C2: 6 CREATE "Other Users/New"
            S2: 6 NO [NOPERM] You do not have the right to do that
            C2: 7 CREATE Shared
            S2: 7 NO [NOPERM] You do not have the right to do that
            C2: 8 CREATE "Other Users/ann@example.test/Projects/S" (USE (\Sent))
            S2: 8 NO [USEATTR] A mailbox cannot have that special use
            C2: 9 DELETE "Other Users/ann@example.test/Projects/A/B"
            S2: 9 NO [NOPERM] You do not have the right to do that
            C2: 10 RENAME "Other Users/ann@example.test/Projects/A/B" "Other Users/ann@example.test/Projects/B"
            S2: 10 NO [NOPERM] You do not have the right to do that
            C: 7 SETACL Projects/A/B bob +x
            S: 7 OK SETACL completed
            C2: 11 RENAME "Other Users/ann@example.test/Projects/A/B" "Other Users/ann@example.test/Projects/B"
            S2: 11 OK RENAME completed
            C2: 12 MYRIGHTS "Other Users/ann@example.test/Projects/B"
            S2: * MYRIGHTS "Other Users/ann@example.test/Projects/B" lrkxc
            S2: 12 OK MYRIGHTS completed
            C2: 13 RENAME "Other Users/ann@example.test/Projects/B" Mine
            S2: 13 NO [NOPERM] You do not have the right to do that
            C2: 14 RENAME Drafts "Other Users/ann@example.test/Projects/Mine"
            S2: 14 NO [CANNOT] A mailbox cannot leave its account, nor can an INBOX of another be renamed
            C2: 15 RENAME "Other Users/ann@example.test/Projects/B" "Other Users/ann@example.test/B"
            S2: 15 NO [NOPERM] You do not have the right to do that
            C2: 16 DELETE "Other Users/ann@example.test/Projects/B"
            S2: 16 OK DELETE completed
            C2: 17 APPEND "Other Users/ann@example.test/Projects/None" {19+}
            C2: Subject: y
            C2:
            C2: Hello
            S2: 17 NO [TRYCREATE] No such mailbox; create it first
            """);
    }

    [Fact]
    public async Task At_the_top_of_a_shared_account_the_rights_to_its_INBOX_count()
    {
        var server = await Session.ServerAsync();
        var bob = await server.AddAccountAsync("bob@example.test");
        var team = await server.AddAccountAsync("team@example.test", shared: true);
        await server.GrantAsync(Grantee.Of(bob.Id), MailboxRights.All, owner: team);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.BobLoggedIn + """
            C2: 1 CREATE Shared/team@example.test/Invoices/2026
            S2~ 1 OK \[MAILBOXID .*
            C2: 2 LIST Shared/team@example.test/ * RETURN (MYRIGHTS)
            S2: * LIST (\HasNoChildren) "/" Shared/team@example.test/INBOX
            S2: * MYRIGHTS Shared/team@example.test/INBOX lrswipkxteacd
            S2: * LIST (\HasChildren) "/" Shared/team@example.test/Invoices
            S2: * MYRIGHTS Shared/team@example.test/Invoices lrswipkxteacd
            S2: * LIST (\HasNoChildren) "/" Shared/team@example.test/Invoices/2026
            S2: * MYRIGHTS Shared/team@example.test/Invoices/2026 lrswipkxteacd
            S2: 2 OK LIST completed
            C2: 3 RENAME Shared/team@example.test/Invoices Shared/team@example.test/Bills
            S2: 3 OK RENAME completed
            C2: 4 RENAME Shared/team@example.test/INBOX Shared/team@example.test/Old
            S2: 4 NO [CANNOT] A mailbox cannot leave its account, nor can an INBOX of another be renamed
            C2: 5 SETACL Shared/team@example.test/Bills ann +lr
            S2: 5 OK SETACL completed
            C2: 6 SETACL Shared/team@example.test/Bills team -a
            S2: 6 NO [CANNOT] The owner of a mailbox has all rights, always
            C2: 7 DELETE Shared/team@example.test/INBOX
            S2: 7 NO [CANNOT] Not possible with this mailbox
            C2: 8 DELETE Shared/team@example.test/Bills
            S2: 8 OK DELETE completed
            C3: x LOGIN team@example.test secret
            S3~ \* OK \[CAPABILITY .*\] Merpati ready
            S3: x NO [AUTHENTICATIONFAILED] Wrong user name or password
            """);
    }

    [Fact]
    public async Task A_session_loses_the_selected_mailbox_with_the_right_to_read_it()
    {
        var server = await ServerAsync(Look | MailboxRights.Seen | MailboxRights.Expunge);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + Selected(@"\Seen", "READ-WRITE") + """
            C: 1 SETACL INBOX bob lrw
            S: 1 OK SETACL completed
            C2: 1 FETCH 1 FLAGS
            S2: * FLAGS (\Answered \Flagged \Deleted \Seen \Draft)
            S2: * OK [PERMANENTFLAGS (\Answered \Flagged \Draft \*)] Flags are kept
            S2: * 1 FETCH (FLAGS (\Recent))
            S2: 1 OK FETCH completed
            C2: 2 STORE 1 +FLAGS (\Seen)
            S2: 2 NO [NOPERM] You do not have the right to do that
            C2: 3 IDLE
            S2: + idling
            C: 2 SETACL INBOX bob lr
            S: 2 OK SETACL completed
            S2: * FLAGS (\Answered \Flagged \Deleted \Seen \Draft)
            S2: * OK [PERMANENTFLAGS ()] No flag can be changed
            C: 3 DELETEACL INBOX bob
            S: 3 OK DELETEACL completed
            S2: * BYE The selected mailbox is not shared with you any more
            S2: 3 NO [NONEXISTENT] The mailbox is not shared with you any more
            * closed 2
            """);
    }

    [Fact]
    public async Task A_command_that_comes_after_the_right_is_gone_reads_nothing()
    {
        var server = await ServerAsync(Look);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + Selected("", "READ-ONLY") + """
            C: 1 DELETEACL INBOX bob
            S: 1 OK DELETEACL completed
            C2: 1 FETCH 1:* BODY[]
            S2: * BYE The selected mailbox is not shared with you any more
            S2: 1 NO [NONEXISTENT] The mailbox is not shared with you any more
            * closed 2
            """);
    }

    [Fact]
    public async Task Where_word_of_it_is_lost_rights_are_asked_for_again_after_half_a_minute()
    {
        var server = await Session.InMemoryAsync(messages: 1);
        var bob = await server.AddAccountAsync("bob@example.test");
        await server.GrantAsync(Grantee.Of(bob.Id), Look);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Selected("", "READ-ONLY", messages: 1, recent: 1) + """
            C2: 1 FETCH 1 UID
            S2: * 1 FETCH (UID 1)
            S2: 1 OK FETCH completed
            """);
        server.Memory.Announcing = false;
        await server.GrantAsync(Grantee.Of(bob.Id), MailboxRights.None);
        await transcript.RunAsync("""
            * advance 0:31
            C2: 2 FETCH 1 UID
            S2: * BYE The selected mailbox is not shared with you any more
            S2: 2 NO [NONEXISTENT] The mailbox is not shared with you any more
            * closed 2
            """);
    }

    [Fact]
    public async Task The_store_being_away_no_right_is_taken_for_granted()
    {
        var server = await Session.InMemoryAsync(messages: 1);
        var bob = await server.AddAccountAsync("bob@example.test");
        await server.GrantAsync(Grantee.Of(bob.Id), Look);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Selected("", "READ-ONLY", messages: 1, recent: 1));
        server.Memory.Outage = new IOException("away");
        await transcript.RunAsync("""
            * advance 0:31
            C2: 1 FETCH 1 UID
            S2: 1 NO [UNAVAILABLE] Temporarily not possible, try again later
            """);
        server.Memory.Outage = null;
        await transcript.RunAsync("""
            C2: 2 FETCH 1 UID
            S2: * 1 FETCH (UID 1)
            S2: 2 OK FETCH completed
            """);
    }

    [Fact]
    public async Task IDLE_tells_of_anothers_mailbox()
    {
        var server = await ServerAsync(Look);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + Selected("", "READ-ONLY") + """
            C2: 1 IDLE
            S2: + idling
            """);
        await server.DeliverAsync(Session.Simple);
        await transcript.RunAsync("""
            S2: * 3 EXISTS
            S2: * 3 RECENT
            C2: DONE
            S2: 1 OK IDLE completed
            """);
    }

    [Fact]
    public async Task NOTIFY_tells_of_others_mailboxes_where_they_are_named()
    {
        var server = await ServerAsync(Look);
        await server.GrantAsync(Grantee.Anyone, MailboxRights.Lookup, "Sent");
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + Session.BobLoggedIn + """
            C2: 1 NOTIFY SET STATUS (subtree "Other Users" (MessageNew MessageExpunge MailboxName)) (personal (MessageNew MessageExpunge))
            S2~ \* STATUS .*
            S2~ \* STATUS .*
            S2~ \* STATUS .*
            S2~ \* STATUS .*
            S2~ \* STATUS .*
            S2~ \* STATUS .*
            S2: * STATUS "Other Users/ann@example.test/INBOX" (MESSAGES 2 UIDNEXT 3 UIDVALIDITY ${v} UNSEEN 2)
            S2: 1 OK NOTIFY completed
            """.Replace("S2: * STATUS \"Other Users/ann@example.test/INBOX\" (MESSAGES 2 UIDNEXT 3 UIDVALIDITY ${v} UNSEEN 2)", "S2~ \\* STATUS \"Other Users/ann@example.test/INBOX\" \\(MESSAGES 2 UIDNEXT 3 UIDVALIDITY (?<v>\\d+) UNSEEN 2\\)", StringComparison.Ordinal));
        await server.DeliverAsync(Session.Simple);
        await transcript.RunAsync("""
            S2: * STATUS "Other Users/ann@example.test/INBOX" (MESSAGES 3 UIDNEXT 4 UIDVALIDITY ${v} UNSEEN 3)
            C: 1 SETACL Drafts bob l
            S: 1 OK SETACL completed
            S2: * LIST () "/" "Other Users/ann@example.test/Drafts"
            C: 2 DELETEACL INBOX bob
            S: 2 OK DELETEACL completed
            S2: * LIST (\NonExistent) "/" "Other Users/ann@example.test/INBOX"
            """);
    }

    [Fact]
    public async Task A_search_in_several_mailboxes_finds_others_only_where_it_may_read()
    {
        var server = await ServerAsync(Look, messages: 1);
        await server.GrantAsync(Grantee.Anyone, MailboxRights.Lookup, "Sent");
        await server.DeliverAsync(Session.Simple, "Sent");
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.BobLoggedIn + """
            C2: 1 ESEARCH IN (subtree "Other Users") SUBJECT hello
            S2~ \* ESEARCH \(TAG "1" MAILBOX "Other Users/ann@example.test/INBOX" UIDVALIDITY \d+\) UID ALL 1
            S2: 1 OK ESEARCH completed
            C2: 2 ESEARCH IN (personal) SUBJECT hello
            S2: 2 OK ESEARCH completed
            C2: 3 ESEARCH IN (mailboxes "Other Users/ann@example.test/Sent") ALL
            S2: 3 OK ESEARCH completed
            """);
    }

    [Fact]
    public async Task Annotations_of_others_are_the_shared_ones()
    {
        var server = await ServerAsync(Look);
        await server.GrantAsync(Grantee.Anyone, MailboxRights.Lookup, "Sent");
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + Session.BobLoggedIn + """
            C: 1 SETMETADATA INBOX (/private/comment "mine" /shared/comment "ours")
            S: 1 OK SETMETADATA completed
            C2: 1 GETMETADATA "Other Users/ann@example.test/INBOX" (/private/comment /shared/comment)
            S2: * METADATA "Other Users/ann@example.test/INBOX" (/private/comment NIL /shared/comment "ours")
            S2: 1 OK GETMETADATA completed
            C2: 2 LIST "" "Other Users/*" RETURN (METADATA (/private/comment /shared/comment))
            S2: * LIST (\HasNoChildren) "/" "Other Users/ann@example.test/INBOX"
            S2: * METADATA "Other Users/ann@example.test/INBOX" (/private/comment NIL /shared/comment "ours")
            S2: * LIST (\HasNoChildren) "/" "Other Users/ann@example.test/Sent"
            S2: 2 OK LIST completed
            C2: 3 SETMETADATA "Other Users/ann@example.test/INBOX" (/private/comment "x")
            S2: 3 NO [METADATA NOPRIVATE] Private entries are of one's own mailboxes
            C2: 4 SETMETADATA "Other Users/ann@example.test/INBOX" (/shared/comment "x")
            S2: 4 NO [NOPERM] You do not have the right to do that
            C2: 5 GETMETADATA "Other Users/ann@example.test/Sent" /shared/comment
            S2: 5 NO [NOPERM] You do not have the right to do that
            C: 2 SETACL INBOX bob +w
            S: 2 OK SETACL completed
            C2: 6 SETMETADATA "Other Users/ann@example.test/INBOX" (/shared/comment "bob's")
            S2: 6 OK SETMETADATA completed
            C: 3 GETMETADATA INBOX (/private/comment /shared/comment)
            S: * METADATA INBOX (/private/comment "mine" /shared/comment "bob's")
            S: 3 OK GETMETADATA completed
            """);
    }

    [Fact]
    public async Task The_quota_of_the_owner_is_charged_and_shown()
    {
        var server = await Session.InMemoryAsync(messages: 2);
        var bob = await server.AddAccountAsync("bob@example.test");
        await server.GrantAsync(Grantee.Of(bob.Id), Look | MailboxRights.Insert);
        server.Memory.QuotaOctets = 1024;
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.BobLoggedIn + $$"""
            C2: 1 GETQUOTAROOT "Other Users/ann@example.test/INBOX"
            S2: * QUOTAROOT "Other Users/ann@example.test/INBOX" "User quota of ann@example.test"
            S2: * QUOTA "User quota of ann@example.test" (STORAGE 1 1)
            S2: 1 OK GETQUOTAROOT completed
            C2: 2 GETQUOTA "User quota of ann@example.test"
            S2: * QUOTA "User quota of ann@example.test" (STORAGE 1 1)
            S2: 2 OK GETQUOTA completed
            C2: 3 GETQUOTA "User quota of nobody@example.test"
            S2: 3 NO [NONEXISTENT] There is no such quota root
            C2: 4 GETQUOTA "User quota"
            S2: * QUOTA "User quota" (STORAGE 0 1)
            S2: 4 OK GETQUOTA completed
            C2: 5 APPEND "Other Users/ann@example.test/INBOX" {900+}
            C2: {{new string('x', 900)}}
            S2: 5 NO [OVERQUOTA] The account is over its quota
            C2: 6 APPEND INBOX {900+}
            C2: {{new string('x', 900)}}
            S2~ 6 OK \[APPENDUID .*
            """);
    }

    [Fact]
    public async Task A_message_of_anothers_mailbox_is_catenated_only_by_who_may_read_it()
    {
        var server = await ServerAsync(Look, messages: 1);
        await server.GrantAsync(Grantee.Anyone, MailboxRights.Lookup | MailboxRights.Insert, "Sent");
        await server.DeliverAsync(Session.Simple, "Sent");
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.BobLoggedIn + """
            C2: 1 APPEND INBOX CATENATE (URL "/Other%20Users/ann@example.test/INBOX/;UID=1")
            S2~ 1 OK \[APPENDUID \d+ 1\] APPEND completed
            C2: 2 APPEND INBOX CATENATE (URL "/Other%20Users/ann@example.test/Sent/;UID=1")
            S2: 2 NO [BADURL /Other%20Users/ann@example.test/Sent/;UID=1] No such message or part
            C2: 3 APPEND INBOX CATENATE (URL "/Other%20Users/ann@example.test/Trash/;UID=1")
            S2: 3 NO [BADURL /Other%20Users/ann@example.test/Trash/;UID=1] No such message or part
            """);
    }

    [Fact]
    public async Task Mailboxes_of_ones_own_that_were_so_named_before_are_reached_as_ever()
    {
        var server = await Session.ServerAsync();
        await server.Mailboxes.EnsureAccountAsync(server.Account.Id, CancellationToken.None);
        await server.Mailboxes.CreateAsync(server.Account.Id, MailboxName.Parse("Shared/Old"), SpecialUse.None, CancellationToken.None);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + """
            C: 1 LIST "" Shared*
            S: * LIST (\HasChildren) "/" Shared
            S: * LIST (\HasNoChildren) "/" Shared/Old
            S: 1 OK LIST completed
            C: 2 STATUS Shared/Old (MESSAGES)
            S: * STATUS Shared/Old (MESSAGES 0)
            S: 2 OK STATUS completed
            C: 3 RENAME Shared/Old Newer
            S: 3 OK RENAME completed
            C: 4 RENAME Newer Shared/Old
            S: 4 NO [CANNOT] A mailbox cannot leave its account, nor can an INBOX of another be renamed
            C: 5 DELETE Shared
            S: 5 OK DELETE completed
            """);
    }
}
