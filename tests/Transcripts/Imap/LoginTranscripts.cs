using Merpati.Protocols.Imap;
using Merpati.TestKit;
using Xunit;

namespace Merpati.Tests.Transcripts.Imap;

/// <summary>RFC 3501 §6.1 and §6.2: before login.</summary>
public sealed class LoginTranscripts
{
    private static readonly ImapOptions Strict = new();

    [Fact]
    public async Task Without_TLS_passwords_are_refused_and_STARTTLS_is_offered()
    {
        var server = await Session.ServerAsync(options: Strict);
        await using var transcript = server.Transcript();
        await transcript.RunAsync($"""
            S: * OK [CAPABILITY IMAP4rev1 IMAP4rev2 LITERAL- {Session.Capabilities} SASL-IR STARTTLS LOGINDISABLED] Merpati ready
            C: 1 LOGIN ann@example.test secret
            S: 1 NO [PRIVACYREQUIRED] Start TLS first
            C: 2 AUTHENTICATE PLAIN
            S: 2 NO [PRIVACYREQUIRED] Start TLS first
            C> 3 STARTTLS\r\n4 NOOP injected\r\n
            S: 3 OK Begin TLS negotiation now
            * starttls
            C: 5 CAPABILITY
            S: * CAPABILITY IMAP4rev1 IMAP4rev2 LITERAL- {Session.Capabilities} SASL-IR AUTH=SCRAM-SHA-256 AUTH=PLAIN
            S: 5 OK CAPABILITY completed
            C: 6 STARTTLS
            S: 6 BAD TLS is active already
            C: 7 LOGIN ann@example.test secret
            S: 7 OK [CAPABILITY IMAP4rev1 IMAP4rev2 LITERAL+ {Session.Capabilities}] Logged in
            C: 8 LOGIN ann@example.test secret
            S: 8 BAD Not after login
            C: 9 LOGOUT
            S: * BYE Logging out
            S: 9 OK LOGOUT completed
            * closed
            """);
    }

    [Fact]
    public async Task AUTHENTICATE_PLAIN_with_and_without_initial_response_and_LOGIN_unadvertised()
    {
        foreach (var script in new[]
        {
            // RFC 4616: NUL ann@example.test NUL secret
            "C: 1 AUTHENTICATE PLAIN AGFubkBleGFtcGxlLnRlc3QAc2VjcmV0\n",
            "C: 1 AUTHENTICATE plain\nS: + \nC: AGFubkBleGFtcGxlLnRlc3QAc2VjcmV0\n",
            "C: 1 AUTHENTICATE LOGIN\nS: + VXNlcm5hbWU6\nC: YW5uQGV4YW1wbGUudGVzdA==\nS: + UGFzc3dvcmQ6\nC: c2VjcmV0\n",
        })
        {
            var server = await Session.ServerAsync();
            await using var transcript = server.Transcript();
            await transcript.RunAsync("S~ \\* OK .*\n" + script + $"S: 1 OK [CAPABILITY IMAP4rev1 IMAP4rev2 LITERAL+ {Session.Capabilities}] Logged in");
        }
    }

    [Fact]
    public async Task AUTHENTICATE_refusals()
    {
        var server = await Session.ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync("""
            S~ \* OK .*
            C: 1 AUTHENTICATE PLAIN
            S: + 
            C: *
            S: 1 BAD Authentication cancelled
            C: 2 AUTHENTICATE PLAIN
            S: + 
            C: not base64!
            S: 2 BAD The answer is not base64
            C: 3 AUTHENTICATE PLAIN =
            S~ 3 BAD Malformed response: .*
            C: 4 AUTHENTICATE PLAIN AGFubkBleGFtcGxlLnRlc3QAd3Jvbmc=
            S: 4 NO [AUTHENTICATIONFAILED] Wrong user name or password
            C: 5 AUTHENTICATE CRAM-MD5
            S: 5 NO [CANNOT] No such mechanism
            C: 6 AUTHENTICATE
            S~ 6 BAD .*
            C: 7 LOGIN ann@example.test wrong
            S: 7 NO [AUTHENTICATIONFAILED] Wrong user name or password
            """);
    }

    [Fact]
    public async Task LOGIN_with_literals_of_both_kinds()
    {
        foreach (var script in new[]
        {
            "C: 1 LOGIN {16}\nS: + Ready for the literal\nC: ann@example.test {6}\nS: + Ready for the literal\nC: secret\n",
            "C> 1 LOGIN {16+}\\r\\nann@example.test {6+}\\r\\nsecret\\r\\n\n",
            "C: 1 login \"ann@example.test\" \"secret\"\n",
        })
        {
            var server = await Session.ServerAsync();
            await using var transcript = server.Transcript();
            await transcript.RunAsync("S~ \\* OK .*\n" + script + "S~ 1 OK .*");
        }
    }

    [Fact]
    public async Task Nonsense_is_answered_and_in_the_end_thrown_out()
    {
        var server = await Session.ServerAsync(options: new ImapOptions { AllowPlaintextAuth = true, MaxBadCommandsBeforeLogin = 6 });
        await using var transcript = server.Transcript();
        await transcript.RunAsync("""
            S~ \* OK .*
            C: 
            S: * BAD A command is a tag, a space and a verb
            C: nothing
            S: * BAD A command is a tag, a space and a verb
            C: GET / HTTP/1.1
            S~ GET BAD .*
            C: 1 FROBNICATE
            S: 1 BAD Unknown command
            # a command of another state is not counted
            C: 2 SELECT INBOX
            S: 2 BAD Log in first
            C: 3 FETCH 1 FLAGS
            S: 3 BAD Select a mailbox first
            C: 4 NOOP nonsense
            S: 4 BAD Unexpected text at the end of the command
            C: 5 LOGIN "unclosed {3}
            S: * BYE Too many errors
            S: 5 BAD A quoted string holds no line break or NUL
            * closed
            """);
    }

    [Fact]
    public async Task A_login_that_takes_too_long_ends_the_connection()
    {
        var server = await Session.ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync("""
            S~ \* OK .*
            C: 1 NOOP
            S: 1 OK NOOP completed
            * advance 1:01
            S: * BYE Login took too long
            * closed
            """);
    }

    [Fact]
    public async Task An_idle_session_is_logged_out_after_half_an_hour()
    {
        var server = await Session.ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + """
            * advance 29:59
            C: 1 NOOP
            S: 1 OK NOOP completed
            * advance 29:59
            C: 2 NOOP
            S: 2 OK NOOP completed
            * advance 30:01
            S: * BYE Autologout: idle for too long
            * closed
            """);
    }

    [Fact]
    public async Task Draining_says_goodbye()
    {
        var server = await Session.ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + """
            * drain
            S: * BYE [UNAVAILABLE] Server is going down, try again in a moment
            * closed
            """);
    }

    [Fact]
    public async Task Literals_that_are_too_large_are_refused_and_the_session_goes_on()
    {
        var server = await Session.ServerAsync(options: new ImapOptions { AllowPlaintextAuth = true, MaxLiteralLengthBeforeLogin = 20, MaxDiscardBeforeLogin = 100 });
        await using var transcript = server.Transcript();
        await transcript.RunAsync("""
            S~ \* OK .*
            C: 1 LOGIN {21}
            S: 1 BAD [TOOBIG] The literal is too large
            C: 2 NOOP
            S: 2 OK NOOP completed
            C> 3 LOGIN {21+}\r\n123456789012345678901 {6+}\r\nsecret\r\n4 NOOP\r\n
            S: 3 BAD [TOOBIG] The literal is too large
            S: 4 OK NOOP completed
            # a literal where none belongs is passed over too
            C> 5 NOOP {4+}\r\nabcd\r\n6 NOOP\r\n
            S: 5 BAD Unexpected text at the end of the command
            S: 6 OK NOOP completed
            C> 7 LOGIN {0+}\r\n {0}\r\n
            S: + Ready for the literal
            C: 
            S~ 7 NO \[AUTHENTICATIONFAILED\] .*
            C: 8 LOGIN {101+}
            S: * BYE Too much at once
            S: 8 BAD [TOOBIG] Too much at once
            * closed
            """);
    }

    [Fact]
    public async Task Lines_that_are_too_long_are_dropped_and_answered()
    {
        var server = await Session.ServerAsync(options: new ImapOptions { AllowPlaintextAuth = true, MaxLineLengthBeforeLogin = 100 });
        await using var transcript = server.Transcript();
        var filler = new string('x', 70_000);
        await transcript.RunAsync($"""
            S~ \* OK .*
            C: 1 LOGIN {filler}
            S: 1 BAD The line is too long
            C> 2 LOGIN {filler} {"{5+}"}\r\n3 NOO rest\r\n4 NOOP\r\n
            S: 2 BAD The line is too long
            S: 4 OK NOOP completed
            """);
    }

    [Fact]
    public async Task ID_ENABLE_NAMESPACE()
    {
        var server = await Session.ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync("""
            S~ \* OK .*
            C: 1 ID NIL
            S: * ID ("name" "Merpati")
            S: 1 OK ID completed
            C: 2 ID ("name" "mutt" "version" NIL)
            S: * ID ("name" "Merpati")
            S: 2 OK ID completed
            C: 3 ID ("name")
            S~ 3 BAD .*
            C: 4 ENABLE CONDSTORE
            S: 4 BAD Log in first
            C: a LOGIN ann@example.test secret
            S~ a OK .*
            C: 5 ENABLE CONDSTORE X-UNKNOWN
            S: * ENABLED CONDSTORE
            S: 5 OK ENABLE completed
            C: 6 NAMESPACE
            S: * NAMESPACE (("" "/")) (("Other Users/" "/")) (("Shared/" "/"))
            S: 6 OK NAMESPACE completed
            """);
    }

    [Fact]
    public async Task An_outage_is_answered_and_the_session_lives_on()
    {
        var server = await Session.InMemoryAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn);
        server.Memory.Outage = new IOException("the store is away");
        await transcript.RunAsync("""
            C: 1 SELECT INBOX
            S: 1 NO [UNAVAILABLE] Temporarily not possible, try again later
            C> 2 APPEND INBOX {5+}\r\nhello\r\n3 NOOP\r\n
            S: 2 NO [UNAVAILABLE] Temporarily not possible, try again later
            S: 3 OK NOOP completed
            """);
        server.Memory.Outage = new InvalidOperationException("a bug");
        await transcript.RunAsync("C: 4 LIST \"\" *\nS: 4 NO [SERVERBUG] Internal error, it was logged");
        server.Memory.Outage = null;
        await transcript.RunAsync("C: 5 STATUS INBOX (MESSAGES)\nS: * STATUS INBOX (MESSAGES 0)\nS: 5 OK STATUS completed");
    }
}
