using Merpati.TestKit;
using Xunit;

namespace Merpati.Tests.Transcripts.Imap;

/// <summary>UTF-8 in names, strings and headers: UTF8=ACCEPT (RFC 9755, RFC 6855 before it), IMAP4rev2 (RFC 9051), and what clients without either see (RFC 6858).</summary>
public sealed class Utf8Transcripts
{
    private const string Enabled = Session.LoggedIn + """
        C: u ENABLE UTF8=ACCEPT
        S: * ENABLED UTF8=ACCEPT
        S: u OK ENABLE completed

        """;

    private const string International = """
        From: Jörg <jörg@bücher.example>
        To: ann@example.test
        Subject: Grüße aus Köln
        Message-ID: <1@example.test>

        Schöne Grüße

        """;

    private const string Parts = """
        From: bob@example.test
        Subject: parts
        MIME-Version: 1.0
        Content-Type: multipart/mixed; boundary=b

        --b
        Content-Type: application/pdf; name="Übersicht.pdf"
        Content-Description: Übersicht
        Content-Transfer-Encoding: base64

        AAAA
        --b
        Content-Type: message/global

        From: jörg@example.test
        Subject: Grüße

        hi
        --b--

        """;

    [Fact]
    public async Task Names_and_strings_are_in_UTF8_once_it_is_enabled()
    {
        var server = await Session.ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + """
            C: 1 CREATE "Entw&APw-rfe"
            S~ 1 OK \[MAILBOXID \(F\w+\)\] CREATE completed
            # UTF-8 is understood before, too; the answers are in modified UTF-7
            C: 2 STATUS "Entwürfe" (MESSAGES)
            S: * STATUS Entw&APw-rfe (MESSAGES 0)
            S: 2 OK STATUS completed
            C: 3 ENABLE UTF8=ACCEPT X-OTHER
            S: * ENABLED UTF8=ACCEPT
            S: 3 OK ENABLE completed
            C: 4 LIST "" "Entw*"
            S: * LIST (\HasNoChildren) "/" "Entwürfe"
            S: 4 OK LIST completed
            C: 5 CREATE "Büro/\"a\" \\ é"
            S~ 5 OK \[MAILBOXID \(F\w+\)\] CREATE completed
            C: 6 SUBSCRIBE "Büro/\"a\" \\ é"
            S: 6 OK SUBSCRIBE completed
            C: 7 LSUB "" "Büro/*"
            S: * LSUB () "/" "Büro/\"a\" \\ é"
            S: 7 OK LSUB completed
            C: 8 STATUS "Büro/\"a\" \\ é" (MESSAGES)
            S: * STATUS "Büro/\"a\" \\ é" (MESSAGES 0)
            S: 8 OK STATUS completed
            # a name in modified UTF-7 is one of these letters now
            C: 9 STATUS "Entw&APw-rfe" (MESSAGES)
            S: 9 NO [NONEXISTENT] No such mailbox
            C> 10 CREATE "B\xfcro"\r\n
            S: 10 BAD A quoted string is in UTF-8
            # what is not UTF-8 in a literal is no name
            C> 11 STATUS {4+}\r\nB\xfcro (MESSAGES)\r\n
            S: 11 NO [NONEXISTENT] No such mailbox
            C: 12 ENABLE IMAP4rev2 UTF8=ACCEPT
            S: * ENABLED IMAP4rev2 UTF8=ACCEPT
            S: 12 OK ENABLE completed
            """);
    }

    [Fact]
    public async Task Who_enabled_it_gets_messages_as_they_are()
    {
        var server = await Session.ServerAsync();
        await server.DeliverAsync(International);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Enabled + """
            C: 1 EXAMINE INBOX
            S~ \* FLAGS .*
            S~ .*PERMANENTFLAGS.*
            S: * 1 EXISTS
            S~ \* \d RECENT
            S~ .*UNSEEN.*
            S~ .*UIDVALIDITY.*
            S~ .*UIDNEXT.*
            S~ .*HIGHESTMODSEQ.*
            S~ .*MAILBOXID.*
            S: 1 OK [READ-ONLY] EXAMINE completed
            C: 2 FETCH 1 (RFC822.SIZE ENVELOPE PREVIEW BODY[HEADER.FIELDS (SUBJECT)])
            S: * 1 FETCH (RFC822.SIZE 136 ENVELOPE (NIL "Grüße aus Köln" (("Jörg" NIL "jörg" "bücher.example")) (("Jörg" NIL "jörg" "bücher.example")) (("Jörg" NIL "jörg" "bücher.example")) ((NIL NIL "ann" "example.test")) NIL NIL NIL "<1@example.test>") PREVIEW "Schöne Grüße" BODY[HEADER.FIELDS (SUBJECT)] {30}
            S: Subject: Grüße aus Köln
            S: 
            S: )
            S: 2 OK FETCH completed
            C: 3 FETCH 1 BODY.PEEK[]
            S: * 1 FETCH (BODY[] {136}
            S: From: Jörg <jörg@bücher.example>
            S: To: ann@example.test
            S: Subject: Grüße aus Köln
            S: Message-ID: <1@example.test>
            S: 
            S: Schöne Grüße
            S: )
            S: 3 OK FETCH completed
            """);
    }

    [Fact]
    public async Task Who_did_not_gets_headers_in_ASCII_and_sizes_that_fit()
    {
        var server = await Session.ServerAsync();
        await server.DeliverAsync(International);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(1, 1) + """
            C: 1 FETCH 1 (RFC822.SIZE ENVELOPE)
            S: * 1 FETCH (RFC822.SIZE 237 ENVELOPE (NIL "=?utf-8?b?R3LDvMOfZQ==?= aus =?utf-8?b?S8O2bG4=?=" (("=?utf-8?b?SsO2cmcgPGrDtnJnQGLDvGNoZXIuZXhhbXBsZT4=?=" NIL "invalid" "internationalized-address.invalid")) (("=?utf-8?b?SsO2cmcgPGrDtnJnQGLDvGNoZXIuZXhhbXBsZT4=?=" NIL "invalid" "internationalized-address.invalid")) (("=?utf-8?b?SsO2cmcgPGrDtnJnQGLDvGNoZXIuZXhhbXBsZT4=?=" NIL "invalid" "internationalized-address.invalid")) ((NIL NIL "ann" "example.test")) NIL NIL NIL "<1@example.test>"))
            S: 1 OK FETCH completed
            C: 2 FETCH 1 BODY.PEEK[]
            S: * 1 FETCH (BODY[] {237}
            S: From: =?utf-8?b?SsO2cmcgPGrDtnJnQGLDvGNoZXIuZXhhbXBsZT4=?=
            S:  <invalid@internationalized-address.invalid>
            S: To: ann@example.test
            S: Subject: =?utf-8?b?R3LDvMOfZQ==?= aus =?utf-8?b?S8O2bG4=?=
            S: Message-ID: <1@example.test>
            S: 
            S: Schöne Grüße
            S: )
            S: 2 OK FETCH completed
            C: 3 FETCH 1 (BODY.PEEK[HEADER.FIELDS (SUBJECT)] BODY.PEEK[]<113.10> BODY.PEEK[TEXT])
            S: * 1 FETCH (BODY[HEADER.FIELDS (SUBJECT)] {62}
            S: Subject: =?utf-8?b?R3LDvMOfZQ==?= aus =?utf-8?b?S8O2bG4=?=
            S: 
            S:  BODY[]<113> {10}
            S> @example.t BODY[TEXT] {17}\r\nSchöne Grüße\r\n)\r\n
            S: 3 OK FETCH completed
            # searches are in what is stored
            C: 4 SEARCH SUBJECT "grüße" FROM "jörg@"
            S: * SEARCH 1
            S: 4 OK SEARCH completed
            """);
    }

    [Fact]
    public async Task A_global_message_is_a_message_to_who_knows_UTF8_and_a_file_to_others()
    {
        var server = await Session.ServerAsync();
        await server.DeliverAsync(Parts);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(1, 1) + """
            C: 1 FETCH 1 (RFC822.SIZE BODYSTRUCTURE)
            S: * 1 FETCH (RFC822.SIZE 359 BODYSTRUCTURE (("application" "pdf" ("name*" "utf-8''%C3%9Cbersicht.pdf") NIL "=?utf-8?q?=C3=9Cbersicht?=" "base64" 4 NIL NIL NIL NIL)("message" "global" NIL NIL NIL "7bit" 48 NIL NIL NIL NIL) "mixed" ("boundary" "b") NIL NIL NIL))
            S: 1 OK FETCH completed
            C: 2 FETCH 1 (BODY.PEEK[1.MIME] BODY.PEEK[2])
            S: * 1 FETCH (BODY[1.MIME] {150}
            S: Content-Type: application/pdf; name*=utf-8''%C3%9Cbersicht.pdf
            S: Content-Description: =?utf-8?q?=C3=9Cbersicht?=
            S: Content-Transfer-Encoding: base64
            S: 
            S:  BODY[2] {48}
            S: From: jörg@example.test
            S: Subject: Grüße
            S: 
            S: hi)
            S: 2 OK FETCH completed
            C: 3 ENABLE UTF8=ACCEPT
            S: * ENABLED UTF8=ACCEPT
            S: 3 OK ENABLE completed
            C: 4 FETCH 1 (RFC822.SIZE BODYSTRUCTURE BODY.PEEK[1.MIME] BODY.PEEK[2.HEADER])
            S: * 1 FETCH (RFC822.SIZE 333 BODYSTRUCTURE (("application" "pdf" ("name*" "utf-8''%C3%9Cbersicht.pdf") NIL "Übersicht" "base64" 4 NIL NIL NIL NIL)("message" "global" NIL NIL NIL "7bit" 48 (NIL "Grüße" ((NIL NIL "jörg" "example.test")) ((NIL NIL "jörg" "example.test")) ((NIL NIL "jörg" "example.test")) NIL NIL NIL NIL NIL) ("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 2 0 NIL NIL NIL NIL) 3 NIL NIL NIL NIL) "mixed" ("boundary" "b") NIL NIL NIL) BODY[1.MIME] {124}
            S: Content-Type: application/pdf; name="Übersicht.pdf"
            S: Content-Description: Übersicht
            S: Content-Transfer-Encoding: base64
            S: 
            S:  BODY[2.HEADER] {46}
            S: From: jörg@example.test
            S: Subject: Grüße
            S: 
            S: )
            S: 4 OK FETCH completed
            """);
    }

    [Fact]
    public async Task Messages_with_UTF8_in_their_headers_are_appended()
    {
        var server = await Session.ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Enabled + """
            C> 1 APPEND INBOX (\\Seen) UTF8 (~{21+}\r\nSubject: Grüße\r\n\r\nx)\r\n
            S~ 1 OK \[APPENDUID \d+ 1\] APPEND completed
            # as RFC 9755 has it
            C> 2 APPEND INBOX {21+}\r\nSubject: Grüße\r\n\r\ny\r\n
            S~ 2 OK \[APPENDUID \d+ 2\] APPEND completed
            C: 3 APPEND INBOX CATENATE (UTF8 (~{20}
            S: + Ready for the part
            C> Subject: Grüße\r\n\r\n) TEXT {1}\r\n
            S: + Ready for the part
            C> z)\r\n
            S~ 3 OK \[APPENDUID \d+ 3\] APPEND completed
            C: 4 APPEND INBOX CATENATE (UTF8 (~{1}
            S: + Ready for the part
            C> x TEXT {1+}\r\nx)\r\n
            S: 4 BAD Expected ')'; nothing was stored
            C: 5 APPEND INBOX UTF8 ({1}
            S: 5 BAD After UTF8 comes a literal8
            C: 6 EXAMINE INBOX
            S~ \* FLAGS .*
            S~ .*PERMANENTFLAGS.*
            S: * 3 EXISTS
            S~ \* \d RECENT
            S~ .*UNSEEN.*
            S~ .*UIDVALIDITY.*
            S~ .*UIDNEXT.*
            S~ .*HIGHESTMODSEQ.*
            S~ .*MAILBOXID.*
            S: 6 OK [READ-ONLY] EXAMINE completed
            C: 7 FETCH 1:3 (FLAGS BODY[])
            S> * 1 FETCH (FLAGS (\\Recent \\Seen) BODY[] {21}\r\nSubject: Grüße\r\n\r\nx)\r\n
            S> * 2 FETCH (FLAGS (\\Recent) BODY[] {21}\r\nSubject: Grüße\r\n\r\ny)\r\n
            S> * 3 FETCH (FLAGS (\\Recent) BODY[] {21}\r\nSubject: Grüße\r\n\r\nz)\r\n
            S: 7 OK FETCH completed
            """);
    }

    [Fact]
    public async Task A_charset_beside_it_contradicts_it()
    {
        var server = await Session.ServerAsync(messages: 2);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(2, 2) + """
            C: 1 SEARCH CHARSET UTF-8 SUBJECT hello
            S: * SEARCH 1 2
            S: 1 OK SEARCH completed
            C: 2 ENABLE UTF8=ACCEPT
            S: * ENABLED UTF8=ACCEPT
            S: 2 OK ENABLE completed
            C: 3 SEARCH CHARSET UTF-8 SUBJECT hello
            S: 3 BAD After ENABLE UTF8=ACCEPT texts are in UTF-8, and no other charset is named
            C: 4 UID SEARCH RETURN (COUNT) CHARSET US-ASCII SUBJECT hello
            S~ 4 BAD After ENABLE UTF8=ACCEPT .*
            C: 5 ESEARCH IN (personal) CHARSET UTF-8 SUBJECT hello
            S~ 5 BAD After ENABLE UTF8=ACCEPT .*
            C: 6 SEARCH CHARSET KOI8-R SUBJECT x
            S~ 6 BAD After ENABLE UTF8=ACCEPT .*
            # where one has to be named it is UTF-8
            C: 7 SORT (SUBJECT) UTF-8 SUBJECT hello
            S: * SORT 1 2
            S: 7 OK SORT completed
            C: 8 SORT (SUBJECT) US-ASCII SUBJECT hello
            S~ 8 BAD After ENABLE UTF8=ACCEPT .*
            C: 9 THREAD REFERENCES US-ASCII ALL
            S~ 9 BAD After ENABLE UTF8=ACCEPT .*
            C: 10 SEARCH SUBJECT "hello 2"
            S: * SEARCH 2
            S: 10 OK SEARCH completed
            """);
    }

    [Fact]
    public async Task Without_it_a_message_with_8_bit_headers_is_not_taken()
    {
        var server = await Session.ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + """
            C> 1 APPEND INBOX {21+}\r\nSubject: Grüße\r\n\r\nx\r\n
            S: 1 NO [CANNOT] A header with 8-bit characters is taken after ENABLE UTF8=ACCEPT only
            C: 2 APPEND INBOX {21}
            S: + Ready for the message
            C> Subject: Grüße\r\n\r\nx\r\n
            S: 2 NO [CANNOT] A header with 8-bit characters is taken after ENABLE UTF8=ACCEPT only
            # Latin-1 is no better
            C> 3 APPEND INBOX {19+}\r\nSubject: gr\xfc\xdfe\r\n\r\nx\r\n
            S: 3 NO [CANNOT] A header with 8-bit characters is taken after ENABLE UTF8=ACCEPT only
            C> 4 APPEND INBOX UTF8 (~{21+}\r\nSubject: Grüße\r\n\r\nx)\r\n
            S: 4 NO [CANNOT] A header with 8-bit characters is taken after ENABLE UTF8=ACCEPT only
            # one of several, and a header that is put together of parts
            C> 5 APPEND INBOX {6+}\r\na: b\r\n {8+}\r\na: \xe9\r\n\r\n\r\n
            S: 5 NO [CANNOT] A header with 8-bit characters is taken after ENABLE UTF8=ACCEPT only
            C> 6 APPEND INBOX CATENATE (TEXT {6+}\r\na: b\r\n TEXT {8+}\r\nc: \xe9\r\n\r\n)\r\n
            S: 6 NO [CANNOT] A header with 8-bit characters is taken after ENABLE UTF8=ACCEPT only
            C: 7 STATUS INBOX (MESSAGES)
            S: * STATUS INBOX (MESSAGES 0)
            S: 7 OK STATUS completed
            # bodies are of any octets, and so are parts in them
            C> 8 APPEND INBOX {11+}\r\na: b\r\n\r\n\xfc\xdfe\r\n
            S~ 8 OK \[APPENDUID \d+ 1\] APPEND completed
            C> 9 APPEND INBOX {4+}\r\n\n\xfc: \r\n
            S~ 9 OK \[APPENDUID \d+ 2\] APPEND completed
            C: 10 ENABLE IMAP4rev2
            S: * ENABLED IMAP4rev2
            S: 10 OK ENABLE completed
            C> 11 APPEND INBOX {21+}\r\nSubject: Grüße\r\n\r\nx\r\n
            S~ 11 OK \[APPENDUID \d+ 3\] APPEND completed
            """);
    }

    [Fact]
    public async Task What_is_taken_from_another_message_is_as_this_client_sees_it()
    {
        var server = await Session.ServerAsync();
        await server.DeliverAsync(International);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + """
            C: 1 APPEND INBOX CATENATE (URL "/INBOX/;UID=1")
            S~ 1 OK \[APPENDUID \d+ 2\] APPEND completed
            C: 2 STATUS INBOX (MESSAGES SIZE)
            S: * STATUS INBOX (MESSAGES 2 SIZE 373)
            S: 2 OK STATUS completed
            """);
    }

    [Fact]
    public async Task A_Latin1_header_is_sent_as_it_is_and_its_envelope_in_ASCII()
    {
        var server = await Session.ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + """
            C: 1 ENABLE UTF8=ACCEPT
            S: * ENABLED UTF8=ACCEPT
            S: 1 OK ENABLE completed
            C> 2 APPEND INBOX {19+}\r\nSubject: gr\xfc\xdfe\r\n\r\nx\r\n
            S~ 2 OK \[APPENDUID \d+ 1\] APPEND completed
            C: 3 UNAUTHENTICATE
            S~ 3 OK .*

            """ + Session.Selected(1, 1).Split('\n', 2)[1] + """
            C: 4 FETCH 1 (RFC822.SIZE ENVELOPE BODY.PEEK[HEADER])
            S> * 1 FETCH (RFC822.SIZE 19 ENVELOPE (NIL "=?utf-8?b?Z3LDvMOfZQ==?=" NIL NIL NIL NIL NIL NIL NIL NIL) BODY[HEADER] {18}\r\nSubject: gr\xfc\xdfe\r\n\r\n)\r\n
            S: 4 OK FETCH completed
            """);
    }
}
