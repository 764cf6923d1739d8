using System.Text;
using AwesomeAssertions;
using MailKit.Security;
using Merpati.TestKit.Smtp;
using Xunit;

namespace Merpati.Tests.Transcripts.Smtp;

public sealed class AuthTranscripts : SmtpTranscript
{
    private static readonly string Plain = Base64("\0ann@example.test\0" + MemoryDirectory.Password);
    private static readonly string Login = Base64("ann@example.test");
    private static readonly string Password = Base64(MemoryDirectory.Password);

    public AuthTranscripts()
    {
        Options = Options with { OfferAuth = true, RequireAuth = true };
        Settings = Settings with { StartsInTls = true };
    }

    [Fact]
    public async Task Ehlo_in_tls_offers_auth_and_no_starttls()
    {
        await RunAsync("""
            S: 220 mail.example.test ESMTP Merpati
            C: EHLO a
            S~ 250-.*
            S~ 250-.*
            S~ 250-.*
            S~ 250-.*
            S~ 250-.*
            S~ 250-.*
            S~ 250-.*
            S~ 250-.*
            S: 250 AUTH SCRAM-SHA-256 PLAIN LOGIN
            C: STARTTLS
            S: 503 5.5.1 TLS is active already
            """);
    }

    [Fact]
    public async Task Mail_needs_authentication()
    {
        await RunAsync(Hello + $"""
            C: MAIL FROM:<ann@example.test>
            S: 530 5.7.0 Authentication required
            C: VRFY ann
            S: 530 5.7.0 Authentication required
            C: AUTH PLAIN {Plain}
            S: 235 2.7.0 Authentication successful
            C: AUTH PLAIN {Plain}
            S: 503 5.5.1 Authenticated already
            C: MAIL FROM:<ann@example.test> AUTH=<>
            S: 250 2.1.0 Sender OK
            C: AUTH PLAIN {Plain}
            S: 503 5.5.1 Not during a mail transaction
            C: RCPT TO:<bob@example.test>
            S: 250 2.1.5 Recipient OK
            C: DATA
            S: 354 Start mail input; end with <CRLF>.<CRLF>
            C: .
            S: 250 2.0.0 Ok: taken
            """);
        Session.Messages.Should().ContainSingle().Which.Peer.Account!.Address.ToString().Should().Be("ann@example.test");
    }

    [Fact]
    public async Task Plain_login_and_every_way_to_fail()
    {
        await RunAsync(Hello + $"""
            C: AUTH
            S: 501 5.5.4 Syntax: AUTH mechanism [initial-response]
            C: AUTH CRAM-MD5
            S: 504 5.5.4 Mechanism is not supported
            C: AUTH PLAIN
            S: 334{" "}
            C: *
            S: 501 5.7.0 Authentication cancelled
            C: AUTH PLAIN =
            S: 501 5.5.2 Authentication exchange is malformed
            C: AUTH PLAIN !!!
            S: 501 5.5.2 Cannot decode base64
            C: AUTH PLAIN {Base64("\0ann@example.test\0wrong")}
            S: 535 5.7.8 Authentication credentials invalid
            C: AUTH PLAIN {Base64("bob@example.test\0ann@example.test\0" + MemoryDirectory.Password)}
            S: 535 5.7.8 Authentication credentials invalid
            C: AUTH LOGIN
            S: 334 VXNlcm5hbWU6
            C: {Login}
            S: 334 UGFzc3dvcmQ6
            C: {Base64("wrong")}
            S: 535 5.7.8 Authentication credentials invalid
            C: AUTH LOGIN {Login}
            S: 334 UGFzc3dvcmQ6
            C: {new string('A', 13000)}
            S: 500 5.5.6 Authentication exchange line is too long
            C: auth login {Login}
            S: 334 UGFzc3dvcmQ6
            C: {Password}
            S: 235 2.7.0 Authentication successful
            """);
    }

    [Fact]
    public async Task Scram_proves_both_sides()
    {
        var client = new SaslMechanismScramSha256("ann@example.test", MemoryDirectory.Password);
        var first = await client.ChallengeAsync(null);
        await using var transcript = Start();
        await transcript.RunAsync(Hello + $"""
            C: AUTH SCRAM-SHA-256
            S: 334{" "}
            C: {first}
            """);
        var serverFirst = await ReadChallengeAsync(transcript);
        await transcript.RunAsync("C: " + await client.ChallengeAsync(serverFirst));
        var serverFinal = await ReadChallengeAsync(transcript);
        (await client.ChallengeAsync(serverFinal)).Should().BeEmpty();
        await transcript.RunAsync("""
            C:
            S: 235 2.7.0 Authentication successful
            """);
    }

    [Fact]
    public async Task Too_many_failures_end_the_session()
    {
        Options = Options with { MaxAuthFailures = 2 };
        await RunAsync(Hello + $"""
            C: AUTH PLAIN {Base64("\0ann@example.test\0wrong")}
            S: 535 5.7.8 Authentication credentials invalid
            C: AUTH PLAIN {Base64("\0ann@example.test\0wrong")}
            S: 421 4.7.0 Too many errors, closing the connection
            * closed
            """);
    }

    [Fact]
    public async Task Trouble_is_temporary()
    {
        Session.Directory.Throttles = true;
        await using var transcript = Start();
        await transcript.RunAsync(Hello + $"""
            C: AUTH PLAIN {Plain}
            S: 454 4.7.0 Too many failures, try again later
            """);
        Session.Directory.Throttles = false;
        Session.Directory.Fault = new IOException("the directory is down");
        await transcript.RunAsync($"""
            C: AUTH PLAIN {Plain}
            S: 454 4.7.0 Temporary authentication failure
            """);
        Session.Directory.Fault = null;
        await transcript.RunAsync($"""
            C: AUTH PLAIN {Plain}
            S: 235 2.7.0 Authentication successful
            """);
    }

    [Fact]
    public async Task Too_many_commands_before_authentication_end_the_session()
    {
        Options = Options with { MaxCommandsBeforeAuth = 3 };
        await RunAsync(Hello + """
            C: NOOP
            S: 250 2.0.0 OK
            C: NOOP
            S: 250 2.0.0 OK
            C: NOOP
            S: 421 4.7.0 Too many commands without authentication, closing the connection
            * closed
            """);
    }

    [Fact]
    public async Task Starttls_forgets_what_was_said_before_and_throws_away_what_was_read_ahead()
    {
        Settings = Settings with { StartsInTls = false };
        await RunAsync(Hello + $"""
            C: AUTH PLAIN {Plain}
            S: 538 5.7.11 Encryption required for authentication: send STARTTLS first
            C> STARTTLS\r\nMAIL FROM:<injected@example.org>\r\n
            S: 220 2.0.0 Ready to start TLS
            * starttls
            C: MAIL FROM:<ann@example.test>
            S: 503 5.5.1 Send HELO or EHLO first
            C: EHLO a
            S~ 250-.*
            S~ 250-.*
            S~ 250-.*
            S~ 250-.*
            S~ 250-.*
            S~ 250-.*
            S~ 250-.*
            S~ 250-.*
            S: 250 AUTH SCRAM-SHA-256 PLAIN LOGIN
            C: AUTH PLAIN {Plain}
            S: 235 2.7.0 Authentication successful
            """);
    }

    [Fact]
    public async Task A_failed_handshake_ends_the_session()
    {
        Settings = Settings with { StartsInTls = false, HandshakeFails = true };
        await RunAsync(Hello + """
            C: STARTTLS
            S: 220 2.0.0 Ready to start TLS
            * closed
            """);
    }

    [Fact]
    public async Task Plaintext_is_for_tests_that_ask_for_it()
    {
        Settings = Settings with { StartsInTls = false };
        Options = Options with { AllowPlaintextAuth = true };
        await RunAsync(Hello + $"""
            C: AUTH PLAIN {Plain}
            S: 235 2.7.0 Authentication successful
            """);
    }

    private static async Task<string> ReadChallengeAsync(TestKit.Transcript transcript)
    {
        var read = await transcript.Client().Input.ReadAtLeastAsync(6);
        var line = Encoding.ASCII.GetString(read.Buffer.FirstSpan);
        transcript.Client().Input.AdvanceTo(read.Buffer.End);
        line.Should().StartWith("334 ").And.EndWith("\r\n");
        return line[4..].TrimEnd();
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
