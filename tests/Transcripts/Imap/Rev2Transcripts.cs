using Xunit;

namespace Merpati.Tests.Transcripts.Imap;

/// <summary>What IMAP4rev2 (RFC 9051) has otherwise than rev1, beside what is tested with LIST, SEARCH and names.</summary>
public sealed class Rev2Transcripts
{
    private const string Enabled = Session.LoggedIn + """
        C: r ENABLE IMAP4rev2
        S: * ENABLED IMAP4rev2
        S: r OK ENABLE completed

        """;

    private static string Opened(int messages, string command = "SELECT", string mode = "READ-WRITE") => $$"""
        S~ \* FLAGS .*
        S~ \* OK \[PERMANENTFLAGS .*
        S: * {{messages}} EXISTS
        S~ \* OK \[UIDVALIDITY \d+\] UIDs are valid
        S~ \* OK \[UIDNEXT \d+\] Next UID
        S~ \* OK \[HIGHESTMODSEQ \d+\] Highest
        S~ \* OK \[MAILBOXID \(F\w+\)\] Its id
        S: * LIST () "/" INBOX
        S: o OK [{{mode}}] {{command}} completed

        """;

    /// <summary>§7.5.2.</summary>
    [Fact]
    public async Task FETCH_that_nobody_asked_for_carries_the_UID()
    {
        var server = await Session.ServerAsync(messages: 2);
        await server.Mailboxes.ExpungeAsync(server.Account.Id, (await server.MailboxAsync("INBOX")).Id, Merpati.Mailboxes.UidSet.Of(new Merpati.Mailboxes.Uid(1)), onlyDeleted: false, CancellationToken.None);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Enabled + "C: o SELECT INBOX\n" + Opened(1) + """
            C: 1 NOTIFY SET (selected (MessageNew (FLAGS) MessageExpunge FlagChange))
            S: 1 OK NOTIFY completed
            C: 2 IDLE
            S: + idling

            """ + "S2~ \\* OK .*\nC2: a LOGIN ann@example.test secret\nS2~ a OK .*\nC2: b SELECT INBOX\n" + """
            S2~ \* FLAGS .*
            S2~ .*PERMANENTFLAGS.*
            S2: * 1 EXISTS
            S2~ \* \d RECENT
            S2~ .*UNSEEN.*
            S2~ .*UIDVALIDITY.*
            S2~ .*UIDNEXT.*
            S2~ .*HIGHESTMODSEQ.*
            S2~ .*MAILBOXID.*
            S2: b OK [READ-WRITE] SELECT completed
            C2: c STORE 1 +FLAGS.SILENT (\Flagged)
            S2: c OK STORE completed
            S: * 1 FETCH (UID 2 FLAGS (\Flagged))

            """);
        await server.DeliverAsync(Session.Simple);
        await transcript.RunAsync("""
            S: * 2 EXISTS
            S: * 2 FETCH (UID 3 FLAGS ())
            C: DONE
            S: 2 OK IDLE completed
            # what was asked for is as it was asked for
            C: 3 FETCH 1 FLAGS
            S: * 1 FETCH (FLAGS (\Flagged))
            S: 3 OK FETCH completed
            C: 4 STORE 1 -FLAGS (\Flagged)
            S: * 1 FETCH (FLAGS ())
            S: 4 OK STORE completed
            """);
    }

    /// <summary>§6.3.2, §7.1 CLOSED.</summary>
    [Fact]
    public async Task A_SELECT_that_fails_has_closed_the_mailbox_before()
    {
        var server = await Session.ServerAsync(messages: 1);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Enabled + "C: o EXAMINE INBOX\n" + Opened(1, "EXAMINE", "READ-ONLY") + """
            C: 1 SELECT Nowhere
            S: * OK [CLOSED] The mailbox selected before is closed
            S: 1 NO [NONEXISTENT] No such mailbox
            C: 2 FETCH 1 FLAGS
            S: 2 BAD Select a mailbox first
            C: 3 SELECT Nowhere
            S: 3 NO [NONEXISTENT] No such mailbox
            """);
    }

    /// <summary>§9 number64, §6.4.4, §6.3.11.</summary>
    [Fact]
    public async Task Sizes_are_of_63_bits_and_nothing_is_recent()
    {
        var server = await Session.ServerAsync(messages: 2);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Enabled + "C: o SELECT INBOX\n" + Opened(2) + """
            C: 1 SEARCH LARGER 4294967296
            S: * ESEARCH (TAG "1")
            S: 1 OK SEARCH completed
            C: 2 SEARCH SMALLER 9223372036854775807
            S: * ESEARCH (TAG "2") ALL 1:2
            S: 2 OK SEARCH completed
            C: 3 SEARCH SMALLER 9223372036854775808
            S: 3 BAD Expected a number
            C: 4 FETCH 1 BODY.PEEK[TEXT]<4294967296.9223372036854775807>
            S: * 1 FETCH (BODY[TEXT]<4294967296> "")
            S: 4 OK FETCH completed
            C: 5 FETCH 1 BODY.PEEK[TEXT]<11.9223372036854775807>
            S> * 1 FETCH (BODY[TEXT]<11> {2}\r\n\r\n)\r\n
            S: 5 OK FETCH completed
            C: 6 FETCH 1 BODY[TEXT]<0.0>
            S: 6 BAD Zero is not allowed here
            C: 7 UID SEARCH RETURN (COUNT) RECENT
            S: * ESEARCH (TAG "7") UID COUNT 0
            S: 7 OK UID SEARCH completed
            C: 8 SEARCH OLD UNSEEN
            S: * ESEARCH (TAG "8") ALL 1:2
            S: 8 OK SEARCH completed
            C: 9 STATUS INBOX (MESSAGES SIZE DELETED UNSEEN UIDNEXT)
            S: * STATUS INBOX (MESSAGES 2 SIZE 296 DELETED 0 UNSEEN 2 UIDNEXT 3)
            S: 9 OK STATUS completed
            """);
    }

    /// <summary>§7.5.2 BINARY.</summary>
    [Fact]
    public async Task Lines_of_a_decoded_text_end_in_CRLF()
    {
        var server = await Session.ServerAsync();
        await server.DeliverAsync("""
            Content-Type: multipart/mixed; boundary=b

            --b
            Content-Type: text/plain
            Content-Transfer-Encoding: base64

            YQpiDQpjCg==
            --b
            Content-Type: application/octet-stream
            Content-Transfer-Encoding: base64

            YQpiDQpjCg==
            --b
            Content-Type: text/plain; charset=UTF-16LE
            Content-Transfer-Encoding: base64

            YQAKAGIA
            --b--
            """);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Enabled + "C: o SELECT INBOX\n" + Opened(1) + """
            C: 1 FETCH 1 (BINARY.SIZE[1] BINARY.PEEK[1] BINARY.PEEK[1]<1.3> BINARY.SIZE[2] BINARY.PEEK[2] BINARY.SIZE[3])
            S> * 1 FETCH (BINARY.SIZE[1] 9 BINARY[1] {9}\r\na\r\nb\r\nc\r\n BINARY[1]<1> {3}\r\n\r\nb BINARY.SIZE[2] 7 BINARY[2] {7}\r\na\nb\r\nc\n BINARY.SIZE[3] 6)\r\n
            S: 1 OK FETCH completed
            """);
    }
}
