using System.Text;
using AwesomeAssertions;
using Merpati.Mailboxes;
using Merpati.TestKit;
using Xunit;

namespace Merpati.Tests.Transcripts.Imap;

/// <summary>RFC 3501 §6.4.5: every item of FETCH.</summary>
public sealed class FetchTranscripts
{
    /// <summary>The structure of the example in RFC 3501 §6.4.5.</summary>
    private const string Nested = """
        From: Terry Gray <gray@cac.washington.edu>
        To: imap@cac.washington.edu
        Cc: minutes@CNRI.Reston.VA.US, "John \"Q\" Klensin" <KLENSIN@MIT.EDU>
        Subject: IMAP4rev1 WG mtg summary and minutes
        Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)
        Message-Id: <B27397-0100000@cac.washington.edu>
        MIME-Version: 1.0
        Content-Type: multipart/mixed; boundary="outer"

        preamble
        --outer
        Content-Type: text/plain; charset=US-ASCII

        first
        --outer
        Content-Type: application/octet-stream
        Content-Transfer-Encoding: base64
        Content-Disposition: attachment; filename="cat.gif"

        AAAA
        --outer
        Content-Type: message/rfc822

        Subject: enclosed
        From: a@b.test
        Content-Type: multipart/alternative; boundary="inner"

        --inner
        Content-Type: text/plain

        plain
        --inner
        Content-Type: text/html

        <p>html
        --inner--
        --outer--

        """;

    private static async Task<ImapTestServer> NestedAsync()
    {
        var server = await Session.ServerAsync();
        await server.DeliverAsync(Nested, tracePrefix: "Return-Path: <gray@cac.washington.edu>\r\n", internalDate: new DateTimeOffset(1996, 7, 7, 2, 44, 25, TimeSpan.FromHours(-7)));
        return server;
    }

    [Fact]
    public async Task Flags_dates_sizes_and_macros()
    {
        var server = await NestedAsync();
        await using var transcript = server.Transcript();
        var size = (await server.MessagesAsync("INBOX"))[0].Size;
        await transcript.RunAsync(Session.Selected(1, 1) + $$"""
            C: 1 FETCH 1 FLAGS
            S: * 1 FETCH (FLAGS (\Recent))
            S: 1 OK FETCH completed
            C: 2 FETCH 1 (UID FLAGS)
            S: * 1 FETCH (UID 1 FLAGS (\Recent))
            S: 2 OK FETCH completed
            C: 3 FETCH 1 FAST
            S: * 1 FETCH (FLAGS (\Recent) INTERNALDATE " 7-Jul-1996 02:44:25 -0700" RFC822.SIZE {{size}})
            S: 3 OK FETCH completed
            C: 4 fetch 1:* envelope
            S: * 1 FETCH (ENVELOPE ("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)" "IMAP4rev1 WG mtg summary and minutes" (("Terry Gray" NIL "gray" "cac.washington.edu")) (("Terry Gray" NIL "gray" "cac.washington.edu")) (("Terry Gray" NIL "gray" "cac.washington.edu")) ((NIL NIL "imap" "cac.washington.edu")) ((NIL NIL "minutes" "CNRI.Reston.VA.US")("John \"Q\" Klensin" NIL "KLENSIN" "MIT.EDU")) NIL NIL "<B27397-0100000@cac.washington.edu>"))
            S: 4 OK FETCH completed
            C: 5 UID FETCH * ALL
            S~ \* 1 FETCH \(UID 1 FLAGS \(\\Recent\) INTERNALDATE ".*" RFC822.SIZE {{size}} ENVELOPE \(.*\)\)
            S: 5 OK UID FETCH completed
            C: 6 FETCH 1 FULL
            S~ \* 1 FETCH \(FLAGS .* BODY \(\("text" "plain" .*\)\)
            S: 6 OK FETCH completed
            C: 7 FETCH 1 (ALL)
            S: 7 BAD Unknown FETCH item
            C: 8 FETCH 2 FLAGS
            S: 8 BAD No message has such a number
            C: 9 UID FETCH 2:3 FLAGS
            S: 9 OK UID FETCH completed
            C: 10 UID FETCH 17:* FLAGS
            S: * 1 FETCH (UID 1 FLAGS (\Recent))
            S: 10 OK UID FETCH completed
            C: 11 FETCH 0 FLAGS
            S: 11 BAD Zero is not allowed here
            C: 12 FETCH 1 ()
            S~ 12 BAD .*
            C: 13 FETCH 1
            S~ 13 BAD .*
            """);
    }

    [Fact]
    public async Task BODY_and_BODYSTRUCTURE()
    {
        var server = await NestedAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(1, 1) + """
            C: 1 FETCH 1 BODY
            S~ \* 1 FETCH \(BODY \(\("text" "plain" \("charset" "US-ASCII"\) NIL NIL "7bit" 5 \d+\)\("application" "octet-stream" NIL NIL NIL "base64" 4\)\("message" "rfc822" NIL NIL NIL "7bit" \d+ \(NIL "enclosed" \(\(NIL NIL "a" "b.test"\)\) .* NIL NIL\) \(\("text" "plain" .*\)\("text" "html" .*\) "alternative"\) \d+\) "mixed"\)\)
            S: 1 OK FETCH completed
            C: 2 FETCH 1 BODYSTRUCTURE
            S~ \* 1 FETCH \(BODYSTRUCTURE \(\("text" "plain" .*\)\("application" "octet-stream" NIL NIL NIL "base64" 4 NIL \("attachment" \("filename" "cat.gif"\)\) NIL NIL\)\("message" .*\) "mixed" \("boundary" "outer"\) NIL NIL NIL\)\)
            S: 2 OK FETCH completed
            """);
    }

    [Fact]
    public async Task BODYSTRUCTURE_names_the_charset_of_a_parameter_that_is_not_ASCII()
    {
        var server = await Session.ServerAsync();
        await server.DeliverAsync("""
            Content-Type: application/octet-stream; name="=?iso-8859-1?q?na=EFve?="
            Content-Disposition: attachment; filename*0*=utf-8''na%C3%AF; filename*1="ve \"1\".bin"; size=3

            AAAA
            """);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(1, 1) + """
            C: 1 FETCH 1 BODYSTRUCTURE
            S: * 1 FETCH (BODYSTRUCTURE ("application" "octet-stream" ("name" "=?iso-8859-1?q?na=EFve?=") NIL NIL "7bit" 4 NIL ("attachment" ("filename*" "utf-8''na%C3%AFve%20%221%22.bin" "size" "3")) NIL NIL))
            S: 1 OK FETCH completed
            """);
    }

    [Fact]
    public async Task All_of_an_empty_mailbox_is_nothing()
    {
        var server = await Session.ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(0, 0, firstUnseen: 0) + """
            C: 1 FETCH 1:* FLAGS
            S: 1 OK FETCH completed
            C: 2 UID FETCH 1:* FLAGS
            S: 2 OK UID FETCH completed
            C: 3 STORE 1:* +FLAGS (\Seen)
            S: 3 OK STORE completed
            C: 4 COPY 1:* Archive
            S: 4 OK COPY completed
            C: 5 MOVE 1:* Archive
            S: 5 OK MOVE completed
            C: 6 FETCH 1 FLAGS
            S: 6 BAD No message has such a number
            C: 7 FETCH * FLAGS
            S: 7 BAD No message has such a number
            """);
    }

    [Fact]
    public async Task Sections_of_parts()
    {
        var server = await NestedAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(1, 1) + """
            C: 1 FETCH 1 BODY.PEEK[1]
            S> * 1 FETCH (BODY[1] {5}\r\nfirst)\r\n
            S: 1 OK FETCH completed
            C: 2 FETCH 1 BODY.PEEK[2.MIME]
            S: * 1 FETCH (BODY[2.MIME] {130}
            S: Content-Type: application/octet-stream
            S: Content-Transfer-Encoding: base64
            S: Content-Disposition: attachment; filename="cat.gif"
            S: 
            S: )
            S: 2 OK FETCH completed
            C: 3 FETCH 1 (BODY.PEEK[3.HEADER] BODY.PEEK[3.1] BODY.PEEK[3.2.MIME] BODY.PEEK[3.2])
            S: * 1 FETCH (BODY[3.HEADER] {92}
            S: Subject: enclosed
            S: From: a@b.test
            S: Content-Type: multipart/alternative; boundary="inner"
            S: 
            S> \x20BODY[3.1] {5}\r\nplain BODY[3.2.MIME] {27}\r\nContent-Type: text/html\r\n\r\n BODY[3.2] {7}\r\n<p>html)\r\n
            S: 3 OK FETCH completed
            C: 4 FETCH 1 (BODY.PEEK[3.HEADER.FIELDS (SUBJECT)] BODY.PEEK[9] BODY.PEEK[1.1] BODY.PEEK[1.HEADER] BODY.PEEK[3.3])
            S> * 1 FETCH (BODY[3.HEADER.FIELDS (SUBJECT)] {21}\r\nSubject: enclosed\r\n\r\n BODY[9] NIL BODY[1.1] NIL BODY[1.HEADER] NIL BODY[3.3] NIL)\r\n
            S: 4 OK FETCH completed
            C: 5 FETCH 1 BODY.PEEK[HEADER.FIELDS (from "To" X-None)]
            S> * 1 FETCH (BODY[HEADER.FIELDS (from To X-None)] {75}\r\nFrom: Terry Gray <gray@cac.washington.edu>\r\nTo: imap@cac.washington.edu\r\n\r\n)\r\n
            S: 5 OK FETCH completed
            C: 6 FETCH 1 BODY.PEEK[HEADER.FIELDS.NOT (From To Cc Subject Date Message-Id MIME-Version Content-Type)]
            S~ \* 1 FETCH \(BODY\[HEADER.FIELDS.NOT \(From To Cc Subject Date Message-Id MIME-Version Content-Type\)\] \{42\}
            S> Return-Path: <gray@cac.washington.edu>\r\n\r\n)\r\n
            S: 6 OK FETCH completed
            C: 7 FETCH 1 BODY[MIME]
            S: 7 BAD Unknown section
            C: 8 FETCH 1 BODY[1.]
            S~ 8 BAD .*
            C: 9 FETCH 1 BODY[0]
            S~ 9 BAD .*
            C: 10 FETCH 1 BODY[HEADER.FIELDS ()]
            S~ 10 BAD .*
            """);
    }

    [Fact]
    public async Task Whole_messages_partials_and_Seen()
    {
        var server = await Session.ServerAsync();
        await server.DeliverAsync("Subject: x\n\nHello\n", tracePrefix: "Return-Path: <>\r\n");
        await server.DeliverAsync("Subject: y\n\n");
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(2, 2) + """
            C: 1 FETCH 1 BODY.PEEK[]
            S> * 1 FETCH (BODY[] {38}\r\nReturn-Path: <>\r\nSubject: x\r\n\r\nHello\r\n)\r\n
            S: 1 OK FETCH completed
            C: 2 FETCH 1 BODY.PEEK[]<10.12>
            S> * 1 FETCH (BODY[]<10> {12}\r\nh: <>\r\nSubje)\r\n
            S: 2 OK FETCH completed
            C: 3 FETCH 1 (BODY.PEEK[]<1000.10> BODY.PEEK[TEXT]<5.100>)
            S> * 1 FETCH (BODY[]<1000> "" BODY[TEXT]<5> {2}\r\n\r\n)\r\n
            S: 3 OK FETCH completed
            C: 4 FETCH 1 BODY.PEEK[HEADER.FIELDS (Subject)]<3.4>
            S> * 1 FETCH (BODY[HEADER.FIELDS (Subject)]<3> {4}\r\nject)\r\n
            S: 4 OK FETCH completed
            C: 5 FETCH 1 RFC822.HEADER
            S> * 1 FETCH (RFC822.HEADER {31}\r\nReturn-Path: <>\r\nSubject: x\r\n\r\n)\r\n
            S: 5 OK FETCH completed
            C: 6 FETCH 1:2 BODY[TEXT]
            S> * 1 FETCH (BODY[TEXT] {7}\r\nHello\r\n FLAGS (\\Recent \\Seen))\r\n
            S> * 2 FETCH (BODY[TEXT] "" FLAGS (\\Recent \\Seen))\r\n
            S: 6 OK FETCH completed
            # flags that do not change are not shown, nor is our own change news
            C: 7 FETCH 1 (FLAGS RFC822.TEXT)
            S> * 1 FETCH (FLAGS (\\Recent \\Seen) RFC822.TEXT {7}\r\nHello\r\n)\r\n
            S: 7 OK FETCH completed
            C: 8 UID FETCH 1 RFC822
            S> * 1 FETCH (UID 1 RFC822 {38}\r\nReturn-Path: <>\r\nSubject: x\r\n\r\nHello\r\n)\r\n
            S: 8 OK UID FETCH completed
            C: 9 FETCH 1 BODY[]<0.0>
            S~ 9 BAD .*
            C: 10 FETCH 1 BODY[TEXT
            S~ 10 BAD .*
            """);
    }

    [Fact]
    public async Task A_big_message_comes_whole_and_in_ranges()
    {
        var server = await Session.ServerAsync();
        var body = new StringBuilder();
        for (var i = 0; i < 40_000; i++) body.Append(i).Append('\n');
        await server.DeliverAsync("Subject: big\n\n" + body);
        var message = (await server.MessagesAsync("INBOX"))[0];
        var octets = await server.OctetsAsync(message);
        await using var transcript = server.Transcript(new TransportSettings { PauseThreshold = 4096 });
        await transcript.RunAsync(Session.Selected(1, 1) + $$"""
            C: 1 FETCH 1 BODY.PEEK[]
            S: * 1 FETCH (BODY[] {{{octets.Length}}}
            S: Subject: big
            S: 
            """);
        for (var i = 0; i < 40_000; i++) await transcript.RunAsync($"S: {i}");
        await transcript.RunAsync("""
            S: )
            S: 1 OK FETCH completed
            C: 2 FETCH 1 BODY.PEEK[]<100000.8>
            """ + $"\nS: * 1 FETCH (BODY[]<100000> {{8}}\nS> {Escape(octets.AsSpan(100_000, 8))})\\r\\n\nS: 2 OK FETCH completed");
    }

    [Fact]
    public async Task Damage_is_local()
    {
        var server = await Session.InMemoryAsync(messages: 3);
        server.Memory.Damage((await server.MessagesAsync("INBOX"))[1].Content, from: 0);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(3, 3) + """
            C: 1 FETCH 1:3 (UID BODY.PEEK[HEADER.FIELDS (SUBJECT)])
            S> * 1 FETCH (UID 1 BODY[HEADER.FIELDS (SUBJECT)] {20}\r\nSubject: hello 1\r\n\r\n)\r\n
            S> * 3 FETCH (UID 3 BODY[HEADER.FIELDS (SUBJECT)] {20}\r\nSubject: hello 3\r\n\r\n)\r\n
            S: 1 NO [CORRUPTION] Some messages cannot be read; the others were sent
            C: 2 FETCH 2 (FLAGS RFC822.SIZE)
            S~ \* 2 FETCH \(FLAGS \(\\Recent\) RFC822.SIZE \d+\)
            S: 2 OK FETCH completed
            """);
    }

    [Fact]
    public async Task A_message_that_breaks_off_within_its_literal_ends_the_connection()
    {
        var server = await Session.InMemoryAsync();
        await server.DeliverAsync("Subject: long\n\n" + new string('x', 100_000));
        server.Memory.Damage((await server.MessagesAsync("INBOX"))[0].Content, from: 50_000);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(1, 1) + "C: 1 FETCH 1 BODY.PEEK[]\nS~ \\* 1 FETCH .*");
        (await transcript.ReadToEndAsync()).Length.Should().BeLessThan(60_000);
        await transcript.SessionEndAsync();
    }

    [Fact]
    public async Task Text_that_quotes_cannot_carry_goes_as_a_literal()
    {
        var server = await Session.ServerAsync();
        await server.DeliverAsync("From: \"back\\\\slash\" <a@b.test>\nSubject: a \\ \"so\"\n\nschön \\ \"so\"\n");
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(1, 1) + """
            C: 1 FETCH 1 (PREVIEW ENVELOPE)
            S: * 1 FETCH (PREVIEW {13}
            S~ schön \\ "so" ENVELOPE \(NIL "a \\\\ \\"so\\"" \(\("back\\\\slash" NIL "a" "b.test"\)\).*
            S: 1 OK FETCH completed
            """);
    }

    private static string Escape(ReadOnlySpan<byte> octets)
    {
        var text = new StringBuilder();
        foreach (var octet in octets) text.Append(System.Globalization.CultureInfo.InvariantCulture, $"\\x{octet:X2}");
        return text.ToString();
    }
}
