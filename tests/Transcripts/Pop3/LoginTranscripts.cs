using System.Text;
using AwesomeAssertions;
using Merpati.Protocols.Pop3;
using Merpati.TestKit;
using Xunit;

namespace Merpati.Tests.Transcripts.Pop3;

/// <summary>AUTHORIZATION: RFC 1939 §4 and §7, RFC 2449, RFC 2595, RFC 5034, RFC 3206.</summary>
public sealed class LoginTranscripts : Pop3Fixture
{
    [Fact]
    public async Task User_and_pass()
    {
        Inbox.Add("A: 1\r\n\r\nx\r\n");
        await RunAsync(Greeting + """
            C: USER ann@example.test
            S: +OK send PASS
            C: PASS correct horse
            S: +OK maildrop has 1 messages (11 octets)
            C: QUIT
            S: +OK bye
            * closed
            """);
        Telemetry.Logins.Should().Equal(LoginResult.Granted);
    }

    [Fact]
    public Task Wrong_credentials_do_not_tell_what_is_wrong() => RunAsync(Greeting + """
        C: USER ann@example.test
        S: +OK send PASS
        C: PASS wrong
        S: -ERR [AUTH] login or password is wrong
        C: USER nobody@example.test
        S: +OK send PASS
        C: PASS correct horse
        S: -ERR [AUTH] login or password is wrong
        C: PASS correct horse
        S: -ERR USER comes first
        """);

    [Fact]
    public Task Pass_comes_right_after_user() => RunAsync(Greeting + """
        C: PASS correct horse
        S: -ERR USER comes first
        C: USER ann@example.test
        S: +OK send PASS
        C: UTF8
        S: +OK UTF-8 mode
        C: PASS correct horse
        S: -ERR USER comes first
        C: USER
        S: -ERR USER takes one name
        C: USER a b
        S: -ERR USER takes one name
        C: USER ann@example.test
        S: +OK send PASS
        C: PASS
        S: -ERR PASS takes a password
        C: USER nobody@example.test
        S: +OK send PASS
        C: USER ann@example.test
        S: +OK send PASS
        C: PASS correct horse
        S~ \+OK .*
        """);

    [Fact]
    public Task Quit_before_the_login_is_goodbye() => RunAsync(Greeting + "C: QUIT now\nS: -ERR QUIT takes no argument\nC: quit\nS: +OK bye\n* closed");

    [Fact]
    public Task Apop_is_not_offered() => RunAsync("S~ \\+OK [^<>]*\nC: APOP ann@example.test c4c9334bac560ecc979e58001b3e22fb\nS: -ERR unknown command");

    [Fact]
    public async Task Capabilities_tell_what_can_be_done_now()
    {
        Settings = Settings with { AllowPlaintextAuth = false };
        await RunAsync(Greeting + """
            C: CAPA
            S: +OK capability list follows
            S: TOP
            S: UIDL
            S: STLS
            S: UTF8 USER
            S: PIPELINING
            S: RESP-CODES
            S: AUTH-RESP-CODE
            S: EXPIRE NEVER
            S: IMPLEMENTATION Merpati
            S: .
            C: USER ann@example.test
            S: -ERR TLS is needed first (STLS)
            C: AUTH PLAIN AGFubkBleGFtcGxlLnRlc3QAY29ycmVjdCBob3JzZQ==
            S: -ERR TLS is needed first (STLS)
            C: STLS
            S: +OK begin TLS negotiation
            * starttls
            C: CAPA
            S: +OK capability list follows
            S: TOP
            S: UIDL
            S: USER
            S: SASL SCRAM-SHA-256 PLAIN
            S: UTF8 USER
            S: PIPELINING
            S: RESP-CODES
            S: AUTH-RESP-CODE
            S: EXPIRE NEVER
            S: IMPLEMENTATION Merpati
            S: .
            C: STLS
            S: -ERR TLS is not available or already active
            C: USER ann@example.test
            S: +OK send PASS
            C: PASS correct horse
            S~ \+OK .*
            C: CAPA
            S: +OK capability list follows
            S: TOP
            S: UIDL
            S: USER
            S: SASL SCRAM-SHA-256 PLAIN
            S: UTF8 USER
            S: PIPELINING
            S: RESP-CODES
            S: AUTH-RESP-CODE
            S: EXPIRE NEVER
            S: IMPLEMENTATION Merpati
            S: .
            """);
    }

    [Fact]
    public async Task Without_a_certificate_stls_is_not_there()
    {
        Transport = new TransportSettings { CanUpgradeToTls = false };
        await RunAsync(Greeting + "C: STLS\nS: -ERR TLS is not available or already active\nC: NOOP\nS: -ERR not in this state");
    }

    [Fact]
    public Task Stls_throws_away_what_was_sent_ahead_and_forgets_the_user() => RunAsync(Greeting + """
        C: USER ann@example.test
        S: +OK send PASS
        C> STLS\r\nPASS correct horse\r\nQUIT\r\n
        S: +OK begin TLS negotiation
        * starttls
        C: PASS correct horse
        S: -ERR USER comes first
        C: QUIT
        S: +OK bye
        """);

    [Fact]
    public async Task A_failed_handshake_ends_the_connection()
    {
        Transport = new TransportSettings { HandshakeFails = true };
        await RunAsync(Greeting + "C: STLS\nS: +OK begin TLS negotiation\n* closed");
    }

    [Fact]
    public async Task Auth_plain()
    {
        // NUL ann@example.test NUL correct horse
        await RunAsync(Greeting + "C: AUTH PLAIN AGFubkBleGFtcGxlLnRlc3QAY29ycmVjdCBob3JzZQ==\nS~ \\+OK maildrop .*\nC: AUTH PLAIN\nS: -ERR not in this state\nC: QUIT\nS: +OK bye");
        await RunAsync(Greeting + "C: auth plain\nS: + \nC: AGFubkBleGFtcGxlLnRlc3QAY29ycmVjdCBob3JzZQ==\nS~ \\+OK maildrop .*\nC: QUIT\nS: +OK bye");
    }

    [Fact]
    public Task Auth_that_fails() => RunAsync(Greeting + """
        C: AUTH
        S: -ERR AUTH takes a mechanism and perhaps an initial response
        C: AUTH LOGIN
        S: -ERR mechanism is not offered
        C: AUTH CRAM-MD5
        S: -ERR mechanism is not offered
        C: AUTH PLAIN
        S: + 
        C: *
        S: -ERR authentication cancelled
        C: AUTH PLAIN
        S: + 
        C: ====
        S: -ERR that is not base64
        C: AUTH PLAIN AGE=Zm9v
        S: -ERR that is not base64
        C: AUTH PLAIN =
        S: -ERR PLAIN: not authzid NUL authcid NUL passwd
        C: AUTH PLAIN AGFubkBleGFtcGxlLnRlc3QAd3Jvbmc=
        S: -ERR [AUTH] login or password is wrong
        * closed
        """);

    [Fact]
    public async Task Auth_scram_sha_256()
    {
        await using var transcript = Start();
        var client = new ScramClient(SingleAccountDirectory.Login, SingleAccountDirectory.Password, "abcdef");
        await transcript.RunAsync(Greeting + $"C: AUTH SCRAM-SHA-256 {Base64(client.First)}\n");
        var challenge = await ReadLineAsync(transcript);
        challenge.Should().StartWith("+ ");
        var final = client.Final(Encoding.UTF8.GetString(Convert.FromBase64String(challenge[2..])));
        await transcript.RunAsync($"C: {Base64(final)}\nS: + {Base64(client.ServerFinal)}\nC> \\r\\n\nS~ \\+OK maildrop .*\nC: QUIT\nS: +OK bye\n* closed");
        Telemetry.Logins.Should().Equal(LoginResult.Granted);
    }

    [Fact]
    public async Task Throttled_and_broken_directories_are_temporary_troubles()
    {
        Directory.Throttles = true;
        await RunAsync(Greeting + "C: USER ann@example.test\nS: +OK send PASS\nC: PASS correct horse\nS: -ERR [SYS/TEMP] too many failed logins, try again later");
        Directory.Outage = new IOException("the store is away");
        await RunAsync(Greeting + "C: USER ann@example.test\nS: +OK send PASS\nC: PASS correct horse\nS: -ERR [SYS/TEMP] internal trouble, try again later\nC: AUTH SCRAM-SHA-256 biwsbj1hLHI9Yg==\nS: -ERR [SYS/TEMP] internal trouble, try again later\nC: QUIT\nS: +OK bye");
    }

    [Fact]
    public async Task A_second_session_finds_the_maildrop_in_use_until_the_first_has_ended()
    {
        await RunAsync("""
            S~ \+OK .*
            C: USER ann@example.test
            S: +OK send PASS
            C: PASS correct horse
            S~ \+OK .*
            S2~ \+OK .*
            C2: USER ann@example.test
            S2: +OK send PASS
            C2: PASS correct horse
            S2: -ERR [IN-USE] another session has the maildrop open
            C: QUIT
            S: +OK bye
            C2: USER ann@example.test
            S2: +OK send PASS
            C2: PASS correct horse
            S2~ \+OK .*
            * close 2
            * closed 2
            S3~ \+OK .*
            C3: USER ann@example.test
            S3: +OK send PASS
            C3: PASS correct horse
            S3~ \+OK .*
            """);
        Locks.IsHeld(Directory.Account.Id).Should().BeFalse();
    }

    [Fact]
    public async Task A_maildrop_that_cannot_be_opened_is_not_left_locked()
    {
        Inbox.Add("A: 1\r\n\r\n");
        Inbox.Outage = new IOException("the store is away");
        await using var transcript = Start();
        await transcript.RunAsync(Greeting + "C: USER ann@example.test\nS: +OK send PASS\nC: PASS correct horse\nS: -ERR [SYS/TEMP] internal trouble, try again later\n");
        Locks.IsHeld(Directory.Account.Id).Should().BeFalse();
        Inbox.Outage = null;
        await transcript.RunAsync("C: USER ann@example.test\nS: +OK send PASS\nC: PASS correct horse\nS~ \\+OK .*\n");
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static async Task<string> ReadLineAsync(Transcript transcript)
    {
        var reader = new Merpati.Protocols.Wire.LineReader(transcript.Client(), TimeProvider.System);
        return Encoding.UTF8.GetString((await reader.ReadLineAsync(1000, TimeSpan.FromSeconds(20), default)).Line);
    }
}
