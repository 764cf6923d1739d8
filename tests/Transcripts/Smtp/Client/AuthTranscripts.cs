using System.Text;
using AwesomeAssertions;
using Merpati.Protocols.Smtp.Client;
using Merpati.Relaying;
using Merpati.TestKit;
using Xunit;

namespace Merpati.Tests.Transcripts.Smtp.Client;

/// <summary>AUTH from the client's side (RFC 4954), over TLS.</summary>
public sealed class AuthTranscripts : SmtpClientTranscript
{
    public AuthTranscripts()
    {
        Settings = new TransportSettings { StartsInTls = true };
        Policy = new TlsPolicy.None();
        Credential = new SmtpCredential.Password("joe", "secret");
    }

    [Fact]
    public async Task PLAIN_goes_with_the_command()
        => (await OpenAsync(Offer("LOGIN PLAIN") + $"""
            C: AUTH PLAIN {Base64("\0joe\0secret")}
            S: 235 2.7.0 welcome
            """)).Should().BeOfType<OpenOutcome.Ready>();

    [Fact]
    public async Task LOGIN_is_the_last_choice()
        => (await OpenAsync(Offer("LOGIN GSSAPI") + $"""
            C: AUTH LOGIN
            S: 334 {Base64("Username:")}
            C: {Base64("joe")}
            S: 334 {Base64("Password:")}
            C: {Base64("secret")}
            S: 235 2.7.0 welcome
            """)).Should().BeOfType<OpenOutcome.Ready>();

    [Fact]
    public async Task A_token_goes_by_XOAUTH2_and_a_refusal_is_heard_to_its_end()
    {
        Credential = new SmtpCredential.Token("joe@example.org", "ya29.token");
        var initial = Base64("user=joe@example.org\u0001auth=Bearer ya29.token\u0001\u0001");
        (await OpenAsync(Offer("XOAUTH2") + $"C: AUTH XOAUTH2 {initial}\nS: 235 welcome")).Should().BeOfType<OpenOutcome.Ready>();
        (await OpenAsync(Offer("XOAUTH2") + $$"""
            C: AUTH XOAUTH2 {{initial}}
            S: 334 {{Base64("{\"status\":\"401\"}")}}
            C:
            S: 535 5.7.8 token expired
            C: QUIT
            S: 221 bye
            """)).Should().BeOfType<OpenOutcome.Refused>().Which.Reply.Code.Should().Be(535);
    }

    [Fact]
    public async Task Wrong_credentials_are_refused_at_AUTH()
        => (await OpenAsync(Offer("PLAIN LOGIN") + $"""
            C: AUTH PLAIN {Base64("\0joe\0secret")}
            S: 535 5.7.8 no
            C: QUIT
            S: 221 bye
            * closed
            """)).Should().BeOfType<OpenOutcome.Refused>().Which.Stage.Should().Be(SmtpStage.Auth);

    [Fact]
    public async Task A_mechanism_that_the_server_cannot_do_after_all_is_followed_by_the_next()
        => (await OpenAsync(Offer("PLAIN LOGIN") + $"""
            C: AUTH PLAIN {Base64("\0joe\0secret")}
            S: 504 5.5.4 not for you
            C: AUTH LOGIN
            S: 334 VXNlcm5hbWU6
            C: {Base64("joe")}
            S: 334 UGFzc3dvcmQ6
            C: {Base64("secret")}
            S: 235 welcome
            """)).Should().BeOfType<OpenOutcome.Ready>();

    [Fact]
    public async Task A_server_that_asks_without_end_or_in_no_base64_is_given_up()
        => (await OpenAsync(Offer("LOGIN") + """
            C: AUTH LOGIN
            S: 334 ***
            C: *
            S: 501 cancelled
            C: QUIT
            S: 221 bye
            * closed
            """)).Should().BeOfType<OpenOutcome.NoMechanism>();

    [Fact]
    public async Task Without_TLS_no_secret_is_sent()
    {
        Settings = new TransportSettings();
        (await OpenAsync(Offer("PLAIN") + """
            C: QUIT
            S: 221 bye
            * closed
            """)).Should().BeOfType<OpenOutcome.NoMechanism>();
    }

    [Theory]
    [InlineData("GSSAPI NTLM")]
    [InlineData("XOAUTH2")]
    public async Task Without_a_common_mechanism_there_is_no_session(string mechanisms)
        => (await OpenAsync(Offer(mechanisms) + """
            C: QUIT
            S: 221 bye
            * closed
            """)).Should().BeOfType<OpenOutcome.NoMechanism>();

    private static string Offer(string mechanisms) => $"""
        S: 220 smart.example.com ESMTP
        C: EHLO relay.example.org
        S: 250-smart.example.com
        S: 250 AUTH {mechanisms}

        """;

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
