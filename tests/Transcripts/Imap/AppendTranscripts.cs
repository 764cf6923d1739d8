using AwesomeAssertions;
using Merpati.Protocols.Imap;
using Xunit;

namespace Merpati.Tests.Transcripts.Imap;

/// <summary>MULTIAPPEND (RFC 3502), CATENATE (RFC 4469), REPLACE (RFC 8508) and BINARY (RFC 3516).</summary>
public sealed class AppendTranscripts
{
    private const string Encoded = """
        Subject: encoded
        Content-Type: multipart/mixed; boundary=b

        --b
        Content-Type: text/plain; charset=utf-8
        Content-Transfer-Encoding: quoted-printable

        na=C3=AFve =
        caf=C3=A9
        --b
        Content-Type: application/octet-stream
        Content-Transfer-Encoding: base64

        AAECAwQ=
        --b
        Content-Type: application/octet-stream
        Content-Transfer-Encoding: x-mystery

        ????
        --b
        Content-Type: text/plain

        plain
        --b--

        """;

    [Fact]
    public async Task MULTIAPPEND_stores_all_or_nothing()
    {
        var server = await Session.ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + """
            C> 1 APPEND INBOX (\\Seen) "17-Jul-1996 02:44:25 -0700" {3+}\r\na:b (\\Flagged $x) {3+}\r\nc:d {3+}\r\ne:f\r\n
            S~ 1 OK \[APPENDUID \d+ 1:3\] APPEND completed
            C: 2 APPEND INBOX {3}
            S: + Ready for the message
            C: a:b (\Seen) {3}
            S: + Ready for the message
            C: c:d
            S~ 2 OK \[APPENDUID \d+ 4:5\] APPEND completed
            C> 3 APPEND INBOX {3+}\r\na:b {0+}\r\n\r\n4 NOOP\r\n
            S: 3 NO [CANNOT] An empty message cannot be stored
            S: 4 OK NOOP completed
            C> 5 APPEND INBOX {3+}\r\na:b {99999999}\r\n
            S: 5 NO [TOOBIG] The message is larger than APPENDLIMIT
            C> 6 APPEND INBOX {3+}\r\na:b (nonsense {3+}\r\nx:y\r\n7 NOOP\r\n
            S~ 6 BAD .*; nothing was stored
            S: 7 OK NOOP completed
            C: 8 STATUS INBOX (MESSAGES UNSEEN)
            S: * STATUS INBOX (MESSAGES 5 UNSEEN 3)
            S: 8 OK STATUS completed
            """);
    }

    [Fact]
    public async Task MULTIAPPEND_has_a_limit()
    {
        var server = await Session.ServerAsync(options: new ImapOptions { AllowPlaintextAuth = true, MaxMessagesPerAppend = 2 });
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + """
            C> 1 APPEND INBOX {3+}\r\na:b {3+}\r\na:b {3+}\r\na:b {3+}\r\na:b\r\n2 NOOP\r\n
            S: 1 NO [LIMIT] Too many messages at once
            S: 2 OK NOOP completed
            C: 3 STATUS INBOX (MESSAGES)
            S: * STATUS INBOX (MESSAGES 0)
            S: 3 OK STATUS completed
            """);
    }

    [Fact]
    public async Task CATENATE_puts_parts_and_texts_together()
    {
        var server = await Session.ServerAsync();
        await server.DeliverAsync("Subject: old\nX-Keep: yes\n\nbody of old\n");
        var inbox = await server.MailboxAsync("INBOX");
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(1, 1) + $$"""
            C> 1 APPEND Drafts (\\Draft) CATENATE (TEXT {14+}\r\nSubject: new\r\n URL "/INBOX;UIDVALIDITY={{inbox.UidValidity}}/;UID=1/;SECTION=HEADER.FIELDS%20(X-Keep)" URL {24+}\r\n/INBOX/;uid=1/;section=1 TEXT {3+}\r\nend)\r\n
            S~ 1 OK \[APPENDUID \d+ 1\] APPEND completed
            C: 2 APPEND Drafts CATENATE (URL "/;UID=1" URL "/INBOX/;UID=1/;PARTIAL=0.7")
            S~ 2 OK \[APPENDUID \d+ 2\] APPEND completed
            C: 3 APPEND Drafts CATENATE (URL "/INBOX/;UID=99")
            S: 3 NO [BADURL /INBOX/;UID=99] No such message or part
            C: 4 APPEND Drafts CATENATE (URL "imap://elsewhere/INBOX/;UID=1")
            S: 4 NO [BADURL imap://elsewhere/INBOX/;UID=1] No such message or part
            C> 5 APPEND Drafts CATENATE (TEXT {3+}\r\na:b URL "/INBOX;UIDVALIDITY=7/;UID=1" TEXT {3+}\r\nc:d)\r\n6 NOOP\r\n
            S: 5 NO [BADURL /INBOX;UIDVALIDITY=7/;UID=1] No such message or part
            S: 6 OK NOOP completed
            C> 7 APPEND Drafts CATENATE (TEXT {3+}\r\na:b TEXT {99999999}\r\n
            S: 7 NO [TOOBIG] The message is larger than APPENDLIMIT
            C: 8 APPEND Drafts CATENATE (URL "/INBOX/;UID=1/;SECTION=9")
            S: 8 NO [BADURL /INBOX/;UID=1/;SECTION=9] No such message or part
            C: 9 APPEND Drafts CATENATE ()
            S~ 9 BAD .*
            C> 10 APPEND Drafts (\\Seen) CATENATE (TEXT {3}\r\n
            S: + Ready for the part
            C> a:b TEXT {3}\r\n
            S: + Ready for the part
            C> c:d) {3+}\r\ne:f\r\n
            S~ 10 OK \[APPENDUID \d+ 3:4\] APPEND completed
            """);
        var drafts = await server.MessagesAsync("Drafts");
        var texts = new List<string>();
        foreach (var message in drafts) texts.Add(System.Text.Encoding.ASCII.GetString(await server.OctetsAsync(message)));
        texts.Should().Equal(
            "Subject: new\r\nX-Keep: yes\r\n\r\nbody of old\r\nend",
            "Subject: old\r\nX-Keep: yes\r\n\r\nbody of old\r\nSubject",
            "a:bc:d",
            "e:f");
    }

    [Fact]
    public async Task REPLACE_takes_the_place_of_a_message()
    {
        var server = await Session.ServerAsync(2);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(2, 2) + """
            C> 1 REPLACE 1 INBOX (\\Seen) {5+}\r\na: b\n\r\n
            S~ \* OK \[APPENDUID \d+ 3\] The message is replaced
            S: * 1 EXPUNGE
            S: * 2 EXISTS
            S~ \* \d RECENT
            S: 1 OK REPLACE completed
            C: 2 UID REPLACE 3 Archive {5}
            S: + Ready for the message
            C: c: de
            S~ \* OK \[APPENDUID \d+ 1\] The message is replaced
            S: * 2 EXPUNGE
            S: 2 OK UID REPLACE completed
            C> 3 REPLACE 7 INBOX {3+}\r\na:b\r\n4 NOOP\r\n
            S: 3 BAD No message has such a number
            S: 4 OK NOOP completed
            C: 5 UID REPLACE 99 INBOX {3}
            S: 5 NO [NONEXISTENT] No message has such a UID
            C: 6 REPLACE 1 nowhere {3}
            S: 6 NO [TRYCREATE] No such mailbox; create it first
            C> 7 REPLACE 1 INBOX {3+}\r\na:b {3+}\r\na:b\r\n8 NOOP\r\n
            S~ 7 BAD .*
            S: 8 OK NOOP completed
            C: 9 STATUS INBOX (MESSAGES)
            S: * STATUS INBOX (MESSAGES 1)
            S: 9 OK STATUS completed
            """);
    }

    [Fact]
    public async Task BINARY_undoes_transfer_encodings()
    {
        var server = await Session.ServerAsync();
        await server.DeliverAsync(Encoded);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(1, 1) + """
            C: 1 FETCH 1 (BINARY.SIZE[1] BINARY.SIZE[2] BINARY.SIZE[4] BINARY.PEEK[4])
            S> * 1 FETCH (BINARY.SIZE[1] 12 BINARY.SIZE[2] 5 BINARY.SIZE[4] 5 BINARY[4] {5}\r\nplain)\r\n
            S: 1 OK FETCH completed
            C: 2 FETCH 1 BINARY.PEEK[2]
            S> * 1 FETCH (BINARY[2] ~{5}\r\n\0\x01\x02\x03\x04)\r\n
            S: 2 OK FETCH completed
            C: 3 FETCH 1 BINARY.PEEK[2]<1.2>
            S> * 1 FETCH (BINARY[2]<1> {2}\r\n\x01\x02)\r\n
            S: 3 OK FETCH completed
            C: 4 FETCH 1 BINARY.PEEK[3]
            S~ 4 NO \[UNKNOWN-CTE\] .*
            C: 5 FETCH 1 (BINARY.PEEK[9] BINARY.SIZE[9])
            S: * 1 FETCH (BINARY[9] NIL BINARY.SIZE[9] 0)
            S: 5 OK FETCH completed
            C: 6 FETCH 1 BINARY[1.HEADER]
            S~ 6 BAD .*
            C: 7 FETCH 1 BINARY[1]
            S> * 1 FETCH (BINARY[1] {12}\r\nnaïve café FLAGS (\\Recent \\Seen))\r\n
            S: 7 OK FETCH completed
            """);
    }

    [Fact]
    public async Task A_literal8_holds_NULs_and_what_is_fetched_holds_none()
    {
        var server = await Session.ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + """
            C> 1 APPEND INBOX ~{81+}\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n\0\x01\0\x02\r\n
            S~ 1 OK \[APPENDUID \d+ 1\] APPEND completed
            C> 2 APPEND INBOX UTF8 (~{14+}\r\nSubject: x\r\n\r\n)\r\n
            S~ 2 OK \[APPENDUID \d+ 2\] APPEND completed
            C: 3 EXAMINE INBOX
            """);
        var messages = await server.MessagesAsync("INBOX");
        (await server.OctetsAsync(messages[0])).Should().NotContain((byte)0);
        messages[0].Structure.Root.Encoding.Should().Be("base64");
    }
}
