using Merpati.Mailboxes;
using Merpati.TestKit;
using Xunit;

namespace Merpati.Tests.Transcripts.Imap;

/// <summary>
/// What clients say, command by command, as their documentation, their logs and their sources describe it, written down by us: none of it is a recording, though the words of Thunderbird were heard (tests/EndToEnd/Thunderbird). They show that the order, the forms and the
/// oddities of each are answered as it expects. Gmail's fetcher is among the POP3 transcripts, too.
/// </summary>
public sealed class ClientTranscripts
{
    private const string Special = """
        S: * LIST (\HasNoChildren \Archive) "/" Archive
        S: * LIST (\HasNoChildren \Drafts) "/" Drafts
        S: * LIST (\HasNoChildren) "/" INBOX
        S: * LIST (\HasNoChildren \Junk) "/" Junk
        S: * LIST (\HasNoChildren \Sent) "/" Sent
        S: * LIST (\HasNoChildren \Trash) "/" Trash

        """;

    private static string Opened(int messages, int recent, int firstUnseen = 1) => $$"""
        S: * FLAGS (\Answered \Flagged \Deleted \Seen \Draft)
        S: * OK [PERMANENTFLAGS (\Answered \Flagged \Deleted \Seen \Draft \*)] Flags are kept
        S: * {{messages}} EXISTS
        S: * {{recent}} RECENT
        {{(firstUnseen > 0 ? $"S: * OK [UNSEEN {firstUnseen}] First unseen" : "")}}
        S~ \* OK \[UIDVALIDITY (?<validity>\d+)\] UIDs are valid
        S~ \* OK \[UIDNEXT \d+\] Next UID
        S~ \* OK \[HIGHESTMODSEQ (?<modseq>\d+)\] Highest
        S~ \* OK \[MAILBOXID \(F\w+\)\] Its id

        """;

    /// <summary>Apple Mail: tags "n.m", capabilities asked for again after login, keywords without a dollar, and "Deleted Messages" by the name it is used to.</summary>
    [Fact]
    public async Task Apple_Mail()
    {
        var server = await Session.ServerAsync(messages: 2);
        await using var transcript = server.Transcript();
        await transcript.RunAsync($$"""
            S~ \* OK \[CAPABILITY IMAP4rev1 .*\] Merpati ready
            C: 1.42 CAPABILITY
            S~ \* CAPABILITY IMAP4rev1 .* AUTH=PLAIN
            S: 1.42 OK CAPABILITY completed
            C: 2.42 AUTHENTICATE PLAIN AGFubkBleGFtcGxlLnRlc3QAc2VjcmV0
            S~ 2.42 OK \[CAPABILITY IMAP4rev1 .*\] Logged in
            C: 3.42 CAPABILITY
            S~ \* CAPABILITY IMAP4rev1 .*
            S: 3.42 OK CAPABILITY completed
            C: 4.42 ID ("name" "Mac OS X Mail" "version" "16.0 (3774.600.62)" "os" "Mac OS X" "os-version" "14.6 (23G80)" "vendor" "Apple Inc.")
            S: * ID ("name" "Merpati")
            S: 4.42 OK ID completed
            C: 5.42 ENABLE CONDSTORE
            S: * ENABLED CONDSTORE
            S: 5.42 OK ENABLE completed
            C: 6.42 NAMESPACE
            S~ \* NAMESPACE \(\("" "/"\)\) .*
            S: 6.42 OK NAMESPACE completed
            C: 7.42 LIST "" "*" RETURN (SPECIAL-USE)
            {{Special}}
            S: 7.42 OK LIST completed
            C: 8.42 LSUB "" "*"
            S: * LSUB () "/" Archive
            S: * LSUB () "/" Drafts
            S: * LSUB () "/" INBOX
            S: * LSUB () "/" Junk
            S: * LSUB () "/" Sent
            S: * LSUB () "/" Trash
            S: 8.42 OK LSUB completed
            C: 9.42 SELECT INBOX (CONDSTORE)
            {{Opened(2, 2)}}
            S: 9.42 OK [READ-WRITE] SELECT completed
            C: 10.42 FETCH 1:2 (FLAGS UID)
            S~ \* 1 FETCH \(FLAGS \(\\Recent\) UID 1 MODSEQ \(\d+\)\)
            S~ \* 2 FETCH \(FLAGS \(\\Recent\) UID 2 MODSEQ \(\d+\)\)
            S: 10.42 OK FETCH completed
            C: 11.42 UID FETCH 1:2 (INTERNALDATE UID RFC822.SIZE FLAGS MODSEQ BODY.PEEK[HEADER.FIELDS (date subject from to cc message-id in-reply-to references content-type x-priority x-uniform-type-identifier x-universally-unique-identifier list-id list-unsubscribe)])
            S~ \* 1 FETCH \(UID 1 INTERNALDATE ".{26}" RFC822.SIZE 148 FLAGS \(\\Recent\) MODSEQ \(\d+\) BODY\[HEADER.FIELDS \(date subject from to cc message-id in-reply-to references content-type x-priority x-uniform-type-identifier x-universally-unique-identifier list-id list-unsubscribe\)\] \{135\}
            S: From: bob@example.test
            S: To: ann@example.test
            S: Subject: hello 1
            S: Date: Sat, 14 Mar 2026 09:00:00 +0100
            S: Message-ID: <1@example.test>
            S: 
            S: )
            S~ \* 2 FETCH \(UID 2 INTERNALDATE ".{26}" RFC822.SIZE 148 FLAGS \(\\Recent\) MODSEQ \(\d+\) BODY\[HEADER.FIELDS .*\] \{135\}
            S: From: bob@example.test
            S: To: ann@example.test
            S: Subject: hello 2
            S: Date: Sat, 14 Mar 2026 09:00:00 +0100
            S: Message-ID: <1@example.test>
            S: 
            S: )
            S: 11.42 OK UID FETCH completed
            C: 12.42 UID FETCH 2 (BODYSTRUCTURE BODY.PEEK[HEADER])
            S: * 2 FETCH (UID 2 BODYSTRUCTURE ("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 13 1 NIL NIL NIL NIL) BODY[HEADER] {135}
            S: From: bob@example.test
            S: To: ann@example.test
            S: Subject: hello 2
            S: Date: Sat, 14 Mar 2026 09:00:00 +0100
            S: Message-ID: <1@example.test>
            S: 
            S: )
            S: 12.42 OK UID FETCH completed
            C: 13.42 UID FETCH 2 BODY.PEEK[TEXT]<0.65536>
            S: * 2 FETCH (UID 2 BODY[TEXT]<0> {13}
            S: Hello, Ann.
            S: )
            S: 13.42 OK UID FETCH completed
            C: 14.42 UID STORE 2 +FLAGS.SILENT (\Seen)
            S~ \* 2 FETCH \(UID 2 MODSEQ \(\d+\)\)
            S: 14.42 OK UID STORE completed
            C: 15.42 UID STORE 2 +FLAGS.SILENT ($NotJunk NotJunk JunkRecorded)
            S~ \* 2 FETCH \(UID 2 MODSEQ \(\d+\)\)
            S: 15.42 OK UID STORE completed
            C: 16.42 CREATE "Deleted Messages"
            S~ 16.42 OK \[MAILBOXID \(F\w+\)\] CREATE completed
            C: 17.42 UID MOVE 1 "Deleted Messages"
            S~ \* OK \[COPYUID \d+ 1 1\] Moved
            S: * 1 EXPUNGE
            S~ 17.42 OK \[HIGHESTMODSEQ \d+\] UID MOVE completed
            C: 18.42 APPEND "Sent" (\Seen $NotJunk NotJunk) "14-Mar-2026 10:00:00 +0100" {24}
            S: + Ready for the message
            C> Subject: sent by me\r\n\r\nx\r\n
            S~ 18.42 OK \[APPENDUID \d+ 1\] APPEND completed
            C: 19.42 IDLE
            S: + idling

            """);
        await server.DeliverAsync(Session.Simple);
        await transcript.RunAsync("""
            S: * 2 EXISTS
            S: * 2 RECENT
            C: DONE
            S: 19.42 OK IDLE completed
            C: 20.42 FETCH 1:2 (FLAGS UID)
            S: * FLAGS (\Answered \Flagged \Deleted \Seen \Draft $NotJunk JunkRecorded NotJunk)
            S~ \* 1 FETCH \(FLAGS \(\\Recent \\Seen \$NotJunk JunkRecorded NotJunk\) UID 2 MODSEQ \(\d+\)\)
            S~ \* 2 FETCH \(FLAGS \(\\Recent\) UID 3 MODSEQ \(\d+\)\)
            S: 20.42 OK FETCH completed
            C: 21.42 CLOSE
            S: 21.42 OK CLOSE completed
            C: 22.42 LOGOUT
            S: * BYE Logging out
            S: 22.42 OK LOGOUT completed
            * closed
            """);
    }

    /// <summary>iOS Mail: pipelines, looks for what is not deleted, takes attachments in pieces, and comes back with CHANGEDSINCE.</summary>
    [Fact]
    public async Task IOS_Mail()
    {
        var server = await Session.ServerAsync(messages: 3);
        await using var transcript = server.Transcript();
        await transcript.RunAsync($$"""
            S~ \* OK .*
            C: 1 CAPABILITY
            C: 2 LOGIN ann@example.test secret
            S~ \* CAPABILITY .*
            S: 1 OK CAPABILITY completed
            S~ 2 OK \[CAPABILITY .*\] Logged in
            C: 3 ID ("name" "iPhone Mail" "version" "21G93" "os" "iOS" "os-version" "17.6.1 (21G93)")
            C: 4 ENABLE CONDSTORE
            C: 5 LIST "" "*" RETURN (SPECIAL-USE STATUS (MESSAGES UNSEEN UIDNEXT))
            S: * ID ("name" "Merpati")
            S: 3 OK ID completed
            S: * ENABLED CONDSTORE
            S: 4 OK ENABLE completed
            S: * LIST (\HasNoChildren \Archive) "/" Archive
            S: * STATUS Archive (MESSAGES 0 UNSEEN 0 UIDNEXT 1)
            S: * LIST (\HasNoChildren \Drafts) "/" Drafts
            S: * STATUS Drafts (MESSAGES 0 UNSEEN 0 UIDNEXT 1)
            S: * LIST (\HasNoChildren) "/" INBOX
            S: * STATUS INBOX (MESSAGES 3 UNSEEN 3 UIDNEXT 4)
            S: * LIST (\HasNoChildren \Junk) "/" Junk
            S: * STATUS Junk (MESSAGES 0 UNSEEN 0 UIDNEXT 1)
            S: * LIST (\HasNoChildren \Sent) "/" Sent
            S: * STATUS Sent (MESSAGES 0 UNSEEN 0 UIDNEXT 1)
            S: * LIST (\HasNoChildren \Trash) "/" Trash
            S: * STATUS Trash (MESSAGES 0 UNSEEN 0 UIDNEXT 1)
            S: 5 OK LIST completed
            C: 6 SELECT INBOX (CONDSTORE)
            {{Opened(3, 3)}}
            S: 6 OK [READ-WRITE] SELECT completed
            C: 7 UID SEARCH 1:3 NOT DELETED
            S: * SEARCH 1 2 3
            S: 7 OK UID SEARCH completed
            C: 8 UID FETCH 1:3 (BODYSTRUCTURE UID FLAGS MODSEQ)
            S~ \* 1 FETCH \(UID 1 BODYSTRUCTURE \("text" "plain" \("charset" "us-ascii"\) NIL NIL "7bit" 13 1 NIL NIL NIL NIL\) FLAGS \(\\Recent\) MODSEQ \(\d+\)\)
            S~ \* 2 FETCH \(UID 2 BODYSTRUCTURE .* FLAGS \(\\Recent\) MODSEQ \(\d+\)\)
            S~ \* 3 FETCH \(UID 3 BODYSTRUCTURE .* FLAGS \(\\Recent\) MODSEQ \(\d+\)\)
            S: 8 OK UID FETCH completed
            C: 9 UID FETCH 3 (BODY.PEEK[1]<0.5> BODY.PEEK[1]<5.100>)
            S> * 3 FETCH (UID 3 BODY[1]<0> {5}\r\nHello BODY[1]<5> {8}\r\n, Ann.\r\n)\r\n
            S: 9 OK UID FETCH completed
            C: 10 UID STORE 3 +FLAGS.SILENT (\Seen)
            S~ \* 3 FETCH \(UID 3 MODSEQ \((?<seen>\d+)\)\)
            S: 10 OK UID STORE completed
            * close
            * closed
            S2~ \* OK .*
            C2: 1 LOGIN ann@example.test secret
            S2~ 1 OK .*
            C2: 2 SELECT INBOX (CONDSTORE)
            S2~ \* FLAGS .*
            S2~ .*PERMANENTFLAGS.*
            S2: * 3 EXISTS
            S2: * 0 RECENT
            S2: * OK [UNSEEN 1] First unseen
            S2: * OK [UIDVALIDITY ${validity}] UIDs are valid
            S2~ .*UIDNEXT.*
            S2: * OK [HIGHESTMODSEQ ${seen}] Highest
            S2~ .*MAILBOXID.*
            S2: 2 OK [READ-WRITE] SELECT completed
            C2: 3 UID FETCH 1:* (FLAGS) (CHANGEDSINCE ${modseq})
            S2: * 3 FETCH (UID 3 FLAGS (\Seen) MODSEQ (${seen}))
            S2: 3 OK UID FETCH completed
            """);
    }

    /// <summary>Outlook: no ID, LSUB besides LIST, whole messages at once, flags with numbers and UIDs mixed, and deletes that wait for a purge.</summary>
    [Fact]
    public async Task Outlook()
    {
        var server = await Session.ServerAsync(messages: 2);
        await using var transcript = server.Transcript();
        await transcript.RunAsync($$"""
            S~ \* OK .*
            C: 5z10 CAPABILITY
            S~ \* CAPABILITY .*
            S: 5z10 OK CAPABILITY completed
            C: ei1h AUTHENTICATE PLAIN
            S: + 
            C: AGFubkBleGFtcGxlLnRlc3QAc2VjcmV0
            S~ ei1h OK .*
            C: m2nx LIST "" ""
            S: * LIST (\Noselect) "/" ""
            S: m2nx OK LIST completed
            C: 1d3c LIST (SPECIAL-USE) "" "*"
            S: * LIST (\HasNoChildren \Archive) "/" Archive
            S: * LIST (\HasNoChildren \Drafts) "/" Drafts
            S: * LIST (\HasNoChildren \Junk) "/" Junk
            S: * LIST (\HasNoChildren \Sent) "/" Sent
            S: * LIST (\HasNoChildren \Trash) "/" Trash
            S: 1d3c OK LIST completed
            C: pf6k LSUB "" "*"
            S: * LSUB () "/" Archive
            S: * LSUB () "/" Drafts
            S: * LSUB () "/" INBOX
            S: * LSUB () "/" Junk
            S: * LSUB () "/" Sent
            S: * LSUB () "/" Trash
            S: pf6k OK LSUB completed
            C: a9dc SUBSCRIBE "INBOX"
            S: a9dc OK SUBSCRIBE completed
            C: u0x1 SELECT "INBOX"
            {{Opened(2, 2)}}
            S: u0x1 OK [READ-WRITE] SELECT completed
            C: kp31 UID FETCH 1:* (UID FLAGS)
            S: * 1 FETCH (UID 1 FLAGS (\Recent))
            S: * 2 FETCH (UID 2 FLAGS (\Recent))
            S: kp31 OK UID FETCH completed
            C: qn7t UID FETCH 1 (UID FLAGS BODY.PEEK[] INTERNALDATE)
            S: * 1 FETCH (UID 1 FLAGS (\Recent) BODY[] {148}
            S: From: bob@example.test
            S: To: ann@example.test
            S: Subject: hello 1
            S: Date: Sat, 14 Mar 2026 09:00:00 +0100
            S: Message-ID: <1@example.test>
            S: 
            S: Hello, Ann.
            S~  INTERNALDATE ".{26}"\)
            S: qn7t OK UID FETCH completed
            C: 2bo5 UID STORE 1 FLAGS (\Seen)
            S: * 1 FETCH (UID 1 FLAGS (\Recent \Seen))
            S: 2bo5 OK UID STORE completed
            C: 8wzi UID STORE 1 +FLAGS (\Deleted)
            S: * 1 FETCH (UID 1 FLAGS (\Recent \Deleted \Seen))
            S: 8wzi OK UID STORE completed
            # without a date, and with flags in a list of one
            C: h4ve APPEND "Sent" (\Seen) {15}
            S: + Ready for the message
            C> Subject: x\r\n\r\ny\r\n
            S~ h4ve OK \[APPENDUID \d+ 1\] APPEND completed
            C: c66p IDLE
            S: + idling
            C: DONE
            S: c66p OK IDLE completed
            C: e0ty EXPUNGE
            S: * 1 EXPUNGE
            S: e0ty OK EXPUNGE completed
            C: xx01 LOGOUT
            S: * BYE Logging out
            S: xx01 OK LOGOUT completed
            * closed
            """);
    }

    /// <summary>
    /// Thunderbird 153, as its own log has it (MOZ_LOG=IMAP:4): no CONDSTORE unless it is told to, the rights and the quota of every mailbox that it opens, headers by its own list,
    /// the flags of all messages each time, from IDLE to NOOP when there is news. Its COMPRESS, which comes after NAMESPACE, is left out; its connections are one here.
    /// </summary>
    [Fact]
    public async Task Thunderbird()
    {
        const string Headers = "From To Cc Bcc Subject Date Message-ID Priority X-Priority References Newsgroups In-Reply-To Content-Type Reply-To Received";
        var server = await Session.ServerAsync(messages: 2);
        await using var transcript = server.Transcript();
        await transcript.RunAsync($$"""
            S~ \* OK .*
            C: 93 authenticate PLAIN
            S: + 
            C: AGFubkBleGFtcGxlLnRlc3QAc2VjcmV0
            S~ 93 OK .*
            C: 94 namespace
            S: * NAMESPACE (("" "/")) (("Other Users/" "/")) (("Shared/" "/"))
            S: 94 OK NAMESPACE completed
            C: 96 ID ("name" "Thunderbird" "version" "153.8.0")
            S: * ID ("name" "Merpati")
            S: 96 OK ID completed
            C: 97 ENABLE UTF8=ACCEPT
            S: * ENABLED UTF8=ACCEPT
            S: 97 OK ENABLE completed
            C: 98 list (subscribed) "" "*" return (special-use)
            S: * LIST (\HasNoChildren \Subscribed \Archive) "/" Archive
            S: * LIST (\HasNoChildren \Subscribed \Drafts) "/" Drafts
            S: * LIST (\HasNoChildren \Subscribed) "/" INBOX
            S: * LIST (\HasNoChildren \Subscribed \Junk) "/" Junk
            S: * LIST (\HasNoChildren \Subscribed \Sent) "/" Sent
            S: * LIST (\HasNoChildren \Subscribed \Trash) "/" Trash
            S: 98 OK LIST completed
            C: 99 list (subscribed) "" "Other Users/*" return (special-use)
            S: 99 OK LIST completed
            C: 100 list (subscribed) "" "Shared/*" return (special-use)
            S: 100 OK LIST completed
            C: 101 list "" "INBOX"
            S: * LIST (\HasNoChildren) "/" INBOX
            S: 101 OK LIST completed
            C: 102 myrights "Archive"
            S: * MYRIGHTS Archive lrswipkxteacd
            S: 102 OK MYRIGHTS completed
            C: 103 select "INBOX"
            {{Opened(2, 2)}}
            S: 103 OK [READ-WRITE] SELECT completed
            C: 104 myrights "INBOX"
            S: * MYRIGHTS INBOX lrswipkxteacd
            S: 104 OK MYRIGHTS completed
            C: 105 getacl "INBOX"
            S: * ACL INBOX ann@example.test lrswipkxteacd
            S: 105 OK GETACL completed
            C: 106 getquotaroot "INBOX"
            S: * QUOTAROOT INBOX
            S: 106 OK GETQUOTAROOT completed
            C: 107 UID fetch 1:* (FLAGS)
            S: * 1 FETCH (UID 1 FLAGS (\Recent))
            S: * 2 FETCH (UID 2 FLAGS (\Recent))
            S: 107 OK UID FETCH completed
            C: 108 UID fetch 2 (UID RFC822.SIZE FLAGS BODY.PEEK[HEADER.FIELDS ({{Headers}})])
            S: * 2 FETCH (UID 2 RFC822.SIZE 148 FLAGS (\Recent) BODY[HEADER.FIELDS ({{Headers}})] {135}
            S: From: bob@example.test
            S: To: ann@example.test
            S: Subject: hello 2
            S: Date: Sat, 14 Mar 2026 09:00:00 +0100
            S: Message-ID: <1@example.test>
            S: 
            S: )
            S: 108 OK UID FETCH completed
            C: 109 UID fetch 2 (UID RFC822.SIZE BODY.PEEK[])
            S: * 2 FETCH (UID 2 RFC822.SIZE 148 BODY[] {148}
            S: From: bob@example.test
            S: To: ann@example.test
            S: Subject: hello 2
            S: Date: Sat, 14 Mar 2026 09:00:00 +0100
            S: Message-ID: <1@example.test>
            S: 
            S: Hello, Ann.
            S: )
            S: 109 OK UID FETCH completed
            C: 110 IDLE
            S: + idling

            """);
        await server.DeliverAsync(Session.Simple);
        await transcript.RunAsync($$"""
            S: * 3 EXISTS
            S: * 3 RECENT
            C: DONE
            S: 110 OK IDLE completed
            C: 111 noop
            S: 111 OK NOOP completed
            C: 112 getquotaroot "INBOX"
            S: * QUOTAROOT INBOX
            S: 112 OK GETQUOTAROOT completed
            C: 113 UID fetch 3:* (FLAGS)
            S: * 3 FETCH (UID 3 FLAGS (\Recent))
            S: 113 OK UID FETCH completed
            C: 114 UID fetch 3 (UID BODY.PEEK[HEADER.FIELDS (Content-Type Content-Transfer-Encoding)] BODY.PEEK[TEXT]<0.2048>)
            S: * 3 FETCH (UID 3 BODY[HEADER.FIELDS (Content-Type Content-Transfer-Encoding)] {2}
            S: 
            S:  BODY[TEXT]<0> {13}
            S: Hello, Ann.
            S: )
            S: 114 OK UID FETCH completed
            C: 115 uid store 1:2 +Flags (\Flagged)
            S: * 1 FETCH (UID 1 FLAGS (\Recent \Flagged))
            S: * 2 FETCH (UID 2 FLAGS (\Recent \Flagged))
            S: 115 OK UID STORE completed
            C: 116 uid store 2 +Flags (\Seen)
            S: * 2 FETCH (UID 2 FLAGS (\Recent \Flagged \Seen))
            S: 116 OK UID STORE completed
            C: 117 uid store 3 +FLAGS ($label1 mine)
            S: * FLAGS (\Answered \Flagged \Deleted \Seen \Draft $label1 mine)
            S: * 3 FETCH (UID 3 FLAGS (\Recent $label1 mine))
            S: 117 OK UID STORE completed
            C: 118 create "Entwürfe 2026"
            S~ 118 OK \[MAILBOXID \(F\w+\)\] CREATE completed
            C: 119 subscribe "Entwürfe 2026"
            S: 119 OK SUBSCRIBE completed
            C: 120 list "" "Entwürfe 2026"
            S: * LIST (\HasNoChildren) "/" "Entwürfe 2026"
            S: 120 OK LIST completed
            C: 121 uid copy 3 "Entwürfe 2026"
            S~ 121 OK \[COPYUID \d+ 3 1\] UID COPY completed
            C> 122 append "Sent" (\\Seen) UTF8 (~{15+}\r\nSubject: x\r\n\r\ny)\r\n
            S~ 122 OK \[APPENDUID \d+ 1\] APPEND completed
            C: 123 uid move 1 "Trash"
            S~ \* OK \[COPYUID \d+ 1 1\] Moved
            S: * 1 EXPUNGE
            S: 123 OK UID MOVE completed
            C: 124 logout
            S: * BYE Logging out
            S: 124 OK LOGOUT completed
            * closed
            """);
    }

    /// <summary>The same Thunderbird, told to use CONDSTORE, comes back to an INBOX that it knows: it asks without saying so in SELECT, and for all flags when the number of messages is another.</summary>
    [Fact]
    public async Task Thunderbird_with_CONDSTORE()
    {
        var server = await Session.ServerAsync(messages: 3);
        await using var transcript = server.Transcript();
        var inbox = await server.MailboxAsync("INBOX");
        await server.Mailboxes.StoreFlagsAsync(server.Account.Id, inbox.Id, UidSet.Of(new Uid(2)), FlagOperation.Add, new MessageFlags(SystemFlags.Flagged, ["$label3"]), unchangedSince: null, CancellationToken.None);
        await transcript.RunAsync(Session.LoggedIn + $$"""
            C: 14 select "INBOX"
            {{Opened(3, 3)}}
            S: 14 OK [READ-WRITE] SELECT completed
            C: 18 UID fetch 1:* (FLAGS) (CHANGEDSINCE {{inbox.HighestModSeq}})
            S: * OK [HIGHESTMODSEQ ${modseq}] Highest
            S: * FLAGS (\Answered \Flagged \Deleted \Seen \Draft $label3)
            S: * 2 FETCH (UID 2 FLAGS (\Recent \Flagged $label3) MODSEQ (${modseq}))
            S: 18 OK UID FETCH completed
            C: 19 UID fetch 1:* (FLAGS)
            S~ \* 1 FETCH \(UID 1 FLAGS \(\\Recent\) MODSEQ \(\d+\)\)
            S: * 2 FETCH (UID 2 FLAGS (\Recent \Flagged $label3) MODSEQ (${modseq}))
            S~ \* 3 FETCH \(UID 3 FLAGS \(\\Recent\) MODSEQ \(\d+\)\)
            S: 19 OK UID FETCH completed
            """);
    }

    /// <summary>Gmail's fetcher by IMAP (Gmailify): reads all mailboxes without changing anything, then writes flags and copies back.</summary>
    [Fact]
    public async Task Gmail_fetches_by_IMAP()
    {
        var server = await Session.ServerAsync(messages: 2);
        await using var transcript = server.Transcript();
        await transcript.RunAsync($$"""
            S~ \* OK .*
            C: A1 CAPABILITY
            S~ \* CAPABILITY .*
            S: A1 OK CAPABILITY completed
            C: A2 LOGIN "ann@example.test" "secret"
            S~ A2 OK .*
            C: A3 ID ("name" "GImap" "vendor" "Google, Inc." "support-url" "https://support.google.com/mail" "remote-host" NIL)
            S: * ID ("name" "Merpati")
            S: A3 OK ID completed
            C: A4 LIST "" "*"
            {{Special}}
            S: A4 OK LIST completed
            C: A5 STATUS "INBOX" (UIDNEXT UIDVALIDITY MESSAGES UNSEEN HIGHESTMODSEQ)
            S~ \* STATUS INBOX \(UIDNEXT 3 UIDVALIDITY \d+ MESSAGES 2 UNSEEN 2 HIGHESTMODSEQ \d+\)
            S: A5 OK STATUS completed
            C: A6 EXAMINE "INBOX" (CONDSTORE)
            S: * FLAGS (\Answered \Flagged \Deleted \Seen \Draft)
            S: * OK [PERMANENTFLAGS ()] No flag can be changed
            S: * 2 EXISTS
            S: * 2 RECENT
            S: * OK [UNSEEN 1] First unseen
            S~ \* OK \[UIDVALIDITY \d+\] UIDs are valid
            S: * OK [UIDNEXT 3] Next UID
            S~ \* OK \[HIGHESTMODSEQ \d+\] Highest
            S~ \* OK \[MAILBOXID \(F\w+\)\] Its id
            S: A6 OK [READ-ONLY] EXAMINE completed
            C: A7 UID SEARCH UID 1:*
            S: * SEARCH 1 2
            S: A7 OK UID SEARCH completed
            C: A8 UID FETCH 1,2 (UID FLAGS INTERNALDATE RFC822.SIZE MODSEQ)
            S~ \* 1 FETCH \(UID 1 FLAGS \(\\Recent\) INTERNALDATE ".{26}" RFC822.SIZE 148 MODSEQ \(\d+\)\)
            S~ \* 2 FETCH \(UID 2 FLAGS \(\\Recent\) INTERNALDATE ".{26}" RFC822.SIZE 148 MODSEQ \(\d+\)\)
            S: A8 OK UID FETCH completed
            C: A9 UID FETCH 2 (BODY.PEEK[])
            S: * 2 FETCH (UID 2 BODY[] {148}
            S: From: bob@example.test
            S: To: ann@example.test
            S: Subject: hello 2
            S: Date: Sat, 14 Mar 2026 09:00:00 +0100
            S: Message-ID: <1@example.test>
            S: 
            S: Hello, Ann.
            S: )
            S: A9 OK UID FETCH completed
            C: A10 SELECT "INBOX"
            {{Opened(2, 2)}}
            S: A10 OK [READ-WRITE] SELECT completed
            C: A11 UID STORE 2 +FLAGS.SILENT (\Seen)
            S~ \* 2 FETCH \(UID 2 MODSEQ \(\d+\)\)
            S: A11 OK UID STORE completed
            C: A12 UID COPY 2 "Archive"
            S~ A12 OK \[COPYUID \d+ 2 1\] UID COPY completed
            C: A13 UNSELECT
            S: A13 OK UNSELECT completed
            C: A14 LOGOUT
            S: * BYE Logging out
            S: A14 OK LOGOUT completed
            * closed
            """);
    }

    /// <summary>mbsync: pipelines what it can, asks for ranges beyond every UID, finds what it appended by X-TUID, and literals that do not wait.</summary>
    [Fact]
    public async Task Mbsync()
    {
        var server = await Session.ServerAsync(messages: 2);
        await using var transcript = server.Transcript();
        await transcript.RunAsync($$"""
            S~ \* OK \[CAPABILITY IMAP4rev1 .* LITERAL- .*\] Merpati ready
            C: 1 AUTHENTICATE PLAIN AGFubkBleGFtcGxlLnRlc3QAc2VjcmV0
            S~ 1 OK \[CAPABILITY IMAP4rev1 .* LITERAL\+ .*\] Logged in
            C: 2 NAMESPACE
            C: 3 LIST "" "*"
            S~ \* NAMESPACE \(\("" "/"\)\) .*
            S: 2 OK NAMESPACE completed
            {{Special}}
            S: 3 OK LIST completed
            C: 4 SELECT "INBOX"
            {{Opened(2, 2)}}
            S: 4 OK [READ-WRITE] SELECT completed
            C: 5 UID FETCH 1:2147483647 (UID)
            S: * 1 FETCH (UID 1)
            S: * 2 FETCH (UID 2)
            S: 5 OK UID FETCH completed
            C: 6 UID FETCH 1:2 (UID FLAGS)
            C: 7 UID FETCH 3:2147483647 (UID FLAGS RFC822.SIZE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])
            S: * 1 FETCH (UID 1 FLAGS (\Recent))
            S: * 2 FETCH (UID 2 FLAGS (\Recent))
            S: 6 OK UID FETCH completed
            S: 7 OK UID FETCH completed
            C: 8 UID FETCH 1 (BODY.PEEK[])
            C: 9 UID FETCH 2 (BODY.PEEK[])
            S: * 1 FETCH (UID 1 BODY[] {148}
            S: From: bob@example.test
            S: To: ann@example.test
            S: Subject: hello 1
            S: Date: Sat, 14 Mar 2026 09:00:00 +0100
            S: Message-ID: <1@example.test>
            S: 
            S: Hello, Ann.
            S: )
            S: 8 OK UID FETCH completed
            S: * 2 FETCH (UID 2 BODY[] {148}
            S: From: bob@example.test
            S: To: ann@example.test
            S: Subject: hello 2
            S: Date: Sat, 14 Mar 2026 09:00:00 +0100
            S: Message-ID: <1@example.test>
            S: 
            S: Hello, Ann.
            S: )
            S: 9 OK UID FETCH completed
            C> 10 APPEND "INBOX" (\\Answered \\Seen) "14-Mar-2026 10:00:00 +0100" {37+}\r\nX-TUID: abcdefghijkl\r\nSubject: x\r\n\r\ny\r\n
            S: * 3 EXISTS
            S: * 3 RECENT
            S~ 10 OK \[APPENDUID ${validity} 3\] APPEND completed
            C: 11 UID FETCH 3:* (UID BODY.PEEK[HEADER.FIELDS (X-TUID)])
            S: * 3 FETCH (UID 3 BODY[HEADER.FIELDS (X-TUID)] {24}
            S: X-TUID: abcdefghijkl
            S: 
            S: )
            S: 11 OK UID FETCH completed
            C: 12 UID STORE 1 +FLAGS.SILENT (\Deleted)
            C: 13 UID STORE 2 -FLAGS.SILENT (\Flagged)
            S: 12 OK UID STORE completed
            S: 13 OK UID STORE completed
            C: 14 UID EXPUNGE 1
            S: * 1 EXPUNGE
            S: 14 OK UID EXPUNGE completed
            C: 15 CLOSE
            C: 16 LOGOUT
            S: 15 OK CLOSE completed
            S: * BYE Logging out
            S: 16 OK LOGOUT completed
            * closed
            """);
    }

    /// <summary>OfflineIMAP: long tags, mailboxes by LIST and LSUB, every mailbox opened read-only first, and an APPEND whose UID it also searches for.</summary>
    [Fact]
    public async Task OfflineIMAP()
    {
        var server = await Session.ServerAsync(messages: 2);
        await using var transcript = server.Transcript();
        await transcript.RunAsync($$"""
            S~ \* OK .*
            C: LJMG0 CAPABILITY
            S~ \* CAPABILITY .*
            S: LJMG0 OK CAPABILITY completed
            C: LJMG1 AUTHENTICATE PLAIN
            S: + 
            C: AGFubkBleGFtcGxlLnRlc3QAc2VjcmV0
            S~ LJMG1 OK .*
            C: LJMG2 CAPABILITY
            S~ \* CAPABILITY .*
            S: LJMG2 OK CAPABILITY completed
            C: LJMG3 ID ("name" "OfflineIMAP" "version" "8.0.0")
            S: * ID ("name" "Merpati")
            S: LJMG3 OK ID completed
            C: LJMG4 LIST "" "*"
            {{Special}}
            S: LJMG4 OK LIST completed
            C: LJMG5 EXAMINE INBOX
            S: * FLAGS (\Answered \Flagged \Deleted \Seen \Draft)
            S: * OK [PERMANENTFLAGS ()] No flag can be changed
            S: * 2 EXISTS
            S: * 2 RECENT
            S: * OK [UNSEEN 1] First unseen
            S~ \* OK \[UIDVALIDITY \d+\] UIDs are valid
            S: * OK [UIDNEXT 3] Next UID
            S~ \* OK \[HIGHESTMODSEQ \d+\] Highest
            S~ \* OK \[MAILBOXID \(F\w+\)\] Its id
            S: LJMG5 OK [READ-ONLY] EXAMINE completed
            C: LJMG6 FETCH 1:* (UID FLAGS INTERNALDATE)
            S~ \* 1 FETCH \(UID 1 FLAGS \(\\Recent\) INTERNALDATE ".{26}"\)
            S~ \* 2 FETCH \(UID 2 FLAGS \(\\Recent\) INTERNALDATE ".{26}"\)
            S: LJMG6 OK FETCH completed
            C: LJMG7 UID FETCH 1 (BODY.PEEK[])
            S: * 1 FETCH (UID 1 BODY[] {148}
            S: From: bob@example.test
            S: To: ann@example.test
            S: Subject: hello 1
            S: Date: Sat, 14 Mar 2026 09:00:00 +0100
            S: Message-ID: <1@example.test>
            S: 
            S: Hello, Ann.
            S: )
            S: LJMG7 OK UID FETCH completed
            C: LJMG8 SELECT INBOX
            {{Opened(2, 2)}}
            S: LJMG8 OK [READ-WRITE] SELECT completed
            C: LJMG9 APPEND INBOX (\Seen) "14-Mar-2026 10:00:00 +0100" {33}
            S: + Ready for the message
            C> X-OfflineIMAP: 42\r\nSubject: x\r\n\r\n\r\n
            S: * 3 EXISTS
            S: * 3 RECENT
            S~ LJMG9 OK \[APPENDUID ${validity} 3\] APPEND completed
            C: LJMG10 CHECK
            S: LJMG10 OK CHECK completed
            C: LJMG11 UID SEARCH HEADER X-OfflineIMAP 42
            S: * SEARCH 3
            S: LJMG11 OK UID SEARCH completed
            C: LJMG12 UID STORE 1:2 +FLAGS (\Seen)
            S: * 1 FETCH (UID 1 FLAGS (\Recent \Seen))
            S: * 2 FETCH (UID 2 FLAGS (\Recent \Seen))
            S: LJMG12 OK UID STORE completed
            C: LJMG13 UID STORE 2 +FLAGS (\Deleted)
            S: * 2 FETCH (UID 2 FLAGS (\Recent \Deleted \Seen))
            S: LJMG13 OK UID STORE completed
            C: LJMG14 EXPUNGE
            S: * 2 EXPUNGE
            S: LJMG14 OK EXPUNGE completed
            C: LJMG15 IDLE
            S: + idling
            C: DONE
            S: LJMG15 OK IDLE completed
            C: LJMG16 NOOP
            S: LJMG16 OK NOOP completed
            C: LJMG17 LOGOUT
            S: * BYE Logging out
            S: LJMG17 OK LOGOUT completed
            * closed
            """);
    }
}
