using Merpati.TestKit;
using Xunit;

namespace Merpati.Tests.Transcripts.Imap;

/// <summary>What a message and a mailbox are besides their octets: OBJECTID (RFC 8474), SAVEDATE (RFC 8514), PREVIEW (RFC 8970).</summary>
public sealed class IdentityTranscripts
{
    [Fact]
    public async Task OBJECTID_of_messages_and_mailboxes()
    {
        var server = await Session.ServerAsync(1);
        await using var transcript = server.Transcript();
        var message = (await server.MessagesAsync("INBOX"))[0];
        await transcript.RunAsync(Session.Selected(1, 1) + $$"""
            C: 1 FETCH 1 (EMAILID THREADID)
            S: * 1 FETCH (EMAILID ({{message.EmailId}}) THREADID ({{message.ThreadId}}))
            S: 1 OK FETCH completed
            C: 2 COPY 1 Archive
            S~ 2 OK \[COPYUID .*\] COPY completed
            C: 3 EXAMINE Archive
            S~ \* FLAGS .*
            S~ \* OK \[PERMANENTFLAGS .*
            S: * 1 EXISTS
            S~ \* \d RECENT
            S~ \* OK \[UNSEEN .*
            S~ \* OK \[UIDVALIDITY .*
            S~ \* OK \[UIDNEXT .*
            S~ \* OK \[HIGHESTMODSEQ .*
            S~ \* OK \[MAILBOXID \(F\w+\)\] Its id
            S: 3 OK [READ-ONLY] EXAMINE completed
            # a copy is the same email
            C: 4 UID FETCH 1 EMAILID
            S: * 1 FETCH (UID 1 EMAILID ({{message.EmailId}}))
            S: 4 OK UID FETCH completed
            C: 5 UID SEARCH EMAILID {{message.EmailId}} THREADID {{message.ThreadId}}
            S: * SEARCH 1
            S: 5 OK UID SEARCH completed
            C: 6 CREATE Work
            S~ 6 OK \[MAILBOXID \(F\w+\)\] CREATE completed
            C: 7 CREATE Work
            S~ 7 NO \[ALREADYEXISTS\] .*
            """);
        var work = await server.Mailboxes.FindAsync(server.Account.Id, Merpati.Mailboxes.MailboxName.Parse("Work"), CancellationToken.None);
        await transcript.RunAsync($$"""
            C: 1 STATUS Work (MAILBOXID MESSAGES)
            S: * STATUS Work (MAILBOXID (F{{work!.Id}}) MESSAGES 0)
            S: 1 OK STATUS completed
            # it survives RENAME
            C: 2 RENAME Work Play
            S: 2 OK RENAME completed
            C: 3 LIST "" Play RETURN (STATUS (MAILBOXID))
            S: * LIST (\HasNoChildren) "/" Play
            S: * STATUS Play (MAILBOXID (F{{work.Id}}))
            S: 3 OK LIST completed
            """);
    }

    [Fact]
    public async Task SAVEDATE_is_when_the_message_came_into_this_mailbox()
    {
        var server = await Session.ServerAsync();
        await server.DeliverAsync(Session.Simple, internalDate: new DateTimeOffset(1996, 7, 7, 2, 44, 25, TimeSpan.FromHours(-7)));
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(1, 1) + """
            C: 1 FETCH 1 (INTERNALDATE SAVEDATE)
            S~ \* 1 FETCH \(INTERNALDATE " 7-Jul-1996 02:44:25 -0700" SAVEDATE "[ \d]\d-\w+-20\d\d \d\d:\d\d:\d\d \+0000"\)
            S: 1 OK FETCH completed
            """);
    }

    [Fact]
    public async Task PREVIEW_lazy_or_not()
    {
        var server = await Session.ServerAsync(1);
        await server.DeliverAsync("Subject: x\n\n");
        await server.DeliverAsync("Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\nna=C3=AFve\n  caf=C3=A9\n");
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(3, 3) + """
            C: 1 FETCH 1 PREVIEW
            S: * 1 FETCH (PREVIEW "Hello, Ann.")
            S: 1 OK FETCH completed
            C: 2 FETCH 1:2 (UID preview (lazy) RFC822.SIZE)
            S~ \* 1 FETCH \(UID 1 PREVIEW "Hello, Ann." RFC822.SIZE \d+\)
            S~ \* 2 FETCH \(UID 2 PREVIEW "" RFC822.SIZE \d+\)
            S: 2 OK FETCH completed
            C: 3 FETCH 3 PREVIEW (LAZY)
            S> * 3 FETCH (PREVIEW {12}\r\nnaïve café)\r\n
            S: 3 OK FETCH completed
            C: 4 FETCH 1 PREVIEW (EAGER)
            S~ 4 BAD .*
            C: 5 UID FETCH 1 PREVIEW (CHANGEDSINCE 1)
            S~ \* OK \[HIGHESTMODSEQ \d+\] Highest
            S~ \* 1 FETCH \(UID 1 PREVIEW "Hello, Ann." MODSEQ \(\d+\)\)
            S: 5 OK UID FETCH completed
            """);
    }
}
