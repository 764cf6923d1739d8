using Merpati.Mailboxes;
using Xunit;

namespace Merpati.Tests.Transcripts.Imap;

/// <summary>NOTIFY (RFC 5465): one session is told, without asking, what another does.</summary>
public sealed class NotifyTranscripts
{
    private const string Other = """
        S2~ \* OK .*
        C2: a LOGIN ann@example.test secret
        S2~ a OK .*

        """;

    private static string Append(string tag, string mailbox) => $"""
        C2: {tag} APPEND {mailbox} {"{5+}"}
        C2: a: b
        S2~ {tag} OK .*

        """;

    [Fact]
    public async Task Other_mailboxes_are_told_of_by_STATUS()
    {
        var server = await Session.ServerAsync(messages: 1);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + Other + """
            C: 1 NOTIFY SET STATUS (mailboxes (INBOX Archive nowhere) (MessageNew MessageExpunge))
            S~ \* STATUS Archive \(MESSAGES 0 UIDNEXT 1 UIDVALIDITY \d+ UNSEEN 0\)
            S~ \* STATUS INBOX \(MESSAGES 1 UIDNEXT 2 UIDVALIDITY \d+ UNSEEN 1\)
            S: 1 OK NOTIFY completed

            """ + Append("1", "Archive") + """
            S~ \* STATUS Archive \(MESSAGES 1 UIDNEXT 2 UIDVALIDITY \d+ UNSEEN 1\)

            """ + Append("2", "Sent") + """
            C2: 3 SELECT INBOX
            S2~ \* FLAGS .*
            S2~ .*PERMANENTFLAGS.*
            S2: * 1 EXISTS
            S2~ \* \d RECENT
            S2~ .*UNSEEN.*
            S2~ .*UIDVALIDITY.*
            S2~ .*UIDNEXT.*
            S2~ .*HIGHESTMODSEQ.*
            S2~ \* OK \[MAILBOXID \(F\w+\)\] Its id
            S2: 3 OK [READ-WRITE] SELECT completed
            # flags are not asked for
            C2: 4 STORE 1 FLAGS.SILENT (\Deleted)
            S2: 4 OK STORE completed
            C2: 5 EXPUNGE
            S2: * 1 EXPUNGE
            S2: 5 OK EXPUNGE completed
            S~ \* STATUS INBOX \(MESSAGES 0 UIDNEXT 2 UIDVALIDITY \d+ UNSEEN 0\)
            C: 2 NOTIFY NONE
            S: 2 OK NOTIFY completed

            """ + Append("6", "Archive") + """
            C: 3 NOOP
            S: 3 OK NOOP completed
            """);
    }

    [Fact]
    public async Task FlagChange_comes_with_HIGHESTMODSEQ()
    {
        var server = await Session.ServerAsync(messages: 1);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + """
            C: 1 NOTIFY SET (inboxes (MessageNew FlagChange MessageExpunge))
            S: 1 OK NOTIFY completed

            """);
        var inbox = await server.MailboxAsync("INBOX");
        await server.Mailboxes.StoreFlagsAsync(server.Account.Id, inbox.Id, UidSet.All, FlagOperation.Add, new MessageFlags(SystemFlags.Seen, []), null, CancellationToken.None);
        await transcript.RunAsync("""
            S~ \* STATUS INBOX \(MESSAGES 1 UIDNEXT 2 UIDVALIDITY \d+ UNSEEN 0 HIGHESTMODSEQ 3\)
            C: 2 IDLE
            S: + idling

            """);
        await server.DeliverAsync(Session.Simple);
        await transcript.RunAsync("""
            S~ \* STATUS INBOX \(MESSAGES 2 UIDNEXT 3 UIDVALIDITY \d+ UNSEEN 1 HIGHESTMODSEQ 4\)
            C: DONE
            S: 2 OK IDLE completed
            """);
    }

    [Fact]
    public async Task The_tree_is_told_of_by_LIST()
    {
        var server = await Session.ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + Other + """
            C: 1 NOTIFY SET (subtree work (MailboxName SubscriptionChange)) (personal NONE)
            S: 1 OK NOTIFY completed
            C2: 1 CREATE play
            S2~ 1 OK \[MAILBOXID \(F\w+\)\] CREATE completed
            C2: 2 CREATE work
            S2~ 2 OK \[MAILBOXID \(F\w+\)\] CREATE completed
            S~ \* LIST \((\\Subscribed)?\) "/" work
            C2: 3 CREATE work/now
            S2~ 3 OK \[MAILBOXID \(F\w+\)\] CREATE completed
            S~ \* LIST \((\\Subscribed)?\) "/" work/now
            C2: 4 RENAME work/now work/later
            S2: 4 OK RENAME completed
            S~ \* LIST \((\\Subscribed)?\) "/" work/later \("OLDNAME" \(work/now\)\)
            C2: 5 SUBSCRIBE work/later
            S2: 5 OK SUBSCRIBE completed
            S: * LIST (\Subscribed) "/" work/later
            C2: 6 UNSUBSCRIBE work/later
            S2: 6 OK UNSUBSCRIBE completed
            S: * LIST () "/" work/later
            C2: 7 RENAME work/later elsewhere
            S2: 7 OK RENAME completed
            S: * LIST () "/" elsewhere ("OLDNAME" (work/later))
            C2: 8 DELETE work
            S2: 8 OK DELETE completed
            S: * LIST (\NonExistent) "/" work
            """);
    }

    [Fact]
    public async Task The_selected_mailbox_is_told_of_at_once_with_what_was_asked_of_new_messages()
    {
        var server = await Session.ServerAsync(messages: 2);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(2, 2) + """
            C: 1 NOTIFY SET (selected (MessageNew (UID BODY.PEEK[HEADER.FIELDS (SUBJECT)]) MessageExpunge FlagChange))
            S: 1 OK NOTIFY completed

            """);
        var inbox = await server.MailboxAsync("INBOX");
        await server.DeliverAsync(Session.Simple);
        await transcript.RunAsync("""
            S: * 3 EXISTS
            S: * 3 RECENT
            S: * 3 FETCH (UID 3 BODY[HEADER.FIELDS (SUBJECT)] {18}
            S: Subject: hello
            S:
            S: )

            """);
        await server.Mailboxes.StoreFlagsAsync(server.Account.Id, inbox.Id, UidSet.Of(new Uid(2)), FlagOperation.Add, new MessageFlags(SystemFlags.Seen, []), null, CancellationToken.None);
        await transcript.RunAsync("""
            S: * 2 FETCH (FLAGS (\Recent \Seen))

            """);
        await server.Mailboxes.ExpungeAsync(server.Account.Id, inbox.Id, UidSet.Of(new Uid(1)), onlyDeleted: false, CancellationToken.None);
        await transcript.RunAsync("""
            S: * 1 EXPUNGE
            C: 2 NOTIFY SET (selected-delayed (MessageNew MessageExpunge)) (personal (MessageNew MessageExpunge))
            S: 2 OK NOTIFY completed

            """);
        await server.Mailboxes.ExpungeAsync(server.Account.Id, inbox.Id, UidSet.Of(new Uid(2)), onlyDeleted: false, CancellationToken.None);
        await server.DeliverAsync(Session.Simple);
        await transcript.RunAsync("""
            # the number of what is gone stays until a command allows it to go; no STATUS of the selected mailbox
            S: * 3 EXISTS
            S: * 3 RECENT
            C: 3 FETCH 1 UID
            S: * 1 FETCH (UID 2)
            S: 3 OK FETCH completed
            C: 4 NOOP
            S: * 1 EXPUNGE
            S: 4 OK NOOP completed
            """);
    }

    [Fact]
    public async Task It_looks_by_itself_when_no_bell_rings()
    {
        var server = await Session.InMemoryAsync(messages: 1);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(1, 1) + """
            C: 1 NOTIFY SET (selected (MessageNew MessageExpunge)) (personal (MessageNew MessageExpunge))
            S: 1 OK NOTIFY completed

            """);
        server.Memory.Announcing = false;
        await server.DeliverAsync(Session.Simple);
        await server.DeliverAsync(Session.Simple, mailbox: "Archive");
        await transcript.RunAsync("""
            * advance 1:01
            S: * 2 EXISTS
            S: * 2 RECENT
            S~ \* STATUS Archive \(MESSAGES 1 .*
            # half a command is not disturbed
            C> 2 NO
            * advance 1:01
            C: OP
            S: 2 OK NOOP completed
            """);
    }

    [Fact]
    public async Task More_mailboxes_than_can_be_watched()
    {
        var server = await Session.ServerAsync(options: new Protocols.Imap.ImapOptions { AllowPlaintextAuth = true, MaxWatchedMailboxes = 7 });
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + Other + """
            C: 1 NOTIFY SET (personal (MailboxName))
            S: 1 OK NOTIFY completed
            C2: 1 CREATE one
            S2~ 1 OK \[MAILBOXID \(F\w+\)\] CREATE completed
            S: * LIST () "/" one
            C2: 2 CREATE two
            S2~ 2 OK \[MAILBOXID \(F\w+\)\] CREATE completed
            S: * OK [NOTIFICATIONOVERFLOW] Too many mailboxes to watch
            C: 2 NOTIFY SET (personal (MailboxName))
            S: 2 NO [NOTIFICATIONOVERFLOW] Too many mailboxes to watch
            """);
    }

    [Theory]
    [InlineData("", "BAD")]
    [InlineData(" SET", "BAD")]
    [InlineData(" SET (selected)", "BAD")]
    [InlineData(" SET (somewhere (MessageNew MessageExpunge))", "BAD")]
    [InlineData(" SET (personal (MessageNew))", "BAD")]
    [InlineData(" SET (personal (MessageExpunge))", "BAD")]
    [InlineData(" SET (personal (FlagChange))", "BAD")]
    [InlineData(" SET (personal (MessageNew (UID) MessageExpunge))", "BAD")]
    [InlineData(" SET (selected (MailboxName))", "BAD")]
    [InlineData(" SET (selected (MessageNew MessageExpunge)) (selected-delayed (MessageNew MessageExpunge))", "BAD")]
    [InlineData(" SET (subtree (MailboxName))", "BAD")]
    [InlineData(" SET (personal (MailboxName)) x", "BAD")]
    [InlineData(" SET (personal (AnnotationChange))", "NO [BADEVENT (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange MailboxMetadataChange ServerMetadataChange)]")]
    [InlineData(" SET (personal (MessageNew MessageExpunge AnnotationChange))", "NO [BADEVENT (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange MailboxMetadataChange ServerMetadataChange)]")]
    public async Task What_cannot_be_asked(string arguments, string answer)
    {
        var server = await Session.ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + $"""
            C: 1 NOTIFY{arguments}
            S~ 1 {System.Text.RegularExpressions.Regex.Escape(answer)} .*
            """);
    }
}
