using System.Net;
using System.Text;
using AwesomeAssertions;
using Merpati.Accounts;
using Merpati.Protocols.Sasl;
using Merpati.TestKit;
using Xunit;

namespace Merpati.Tests.Unit.Protocols.Sasl;

/// <summary>OAUTHBEARER (RFC 7628) and XOAUTH2.</summary>
public sealed class TokenTests
{
    private readonly Tokens _tokens = new();

    private SaslContext Context => new(new SingleAccountDirectory(), LoginProtocol.Imap, Client: null) { Tokens = _tokens };

    [Theory]
    [InlineData("OAUTHBEARER", "n,a=ann@example.test,\u0001host=mail.example.test\u0001port=143\u0001auth=Bearer good\u0001\u0001", "ann@example.test")]
    [InlineData("OAUTHBEARER", "n,,\u0001auth=bearer good\u0001\u0001", null)]
    [InlineData("OAUTHBEARER", "y,a=a=2Cb=3D,\u0001auth=Bearer good\u0001\u0001", "a,b=")]
    [InlineData("XOAUTH2", "user=ann@example.test\u0001auth=Bearer good\u0001\u0001", "ann@example.test")]
    public async Task A_good_token_is_granted(string mechanism, string message, string? login)
    {
        (await StepAsync(Create(mechanism), message)).Should().BeOfType<SaslStep.Granted>();
        _tokens.Asked.Should().Equal(("good", login, LoginProtocol.Imap));
    }

    [Theory]
    [InlineData("OAUTHBEARER", "n,a=ann@example.test,\u0001auth=Bearer bad\u0001\u0001", """{"status":"invalid_token","openid-configuration":"https://id.example.test/.well-known/openid-configuration"}""", "\u0001")]
    [InlineData("OAUTHBEARER", "n,,\u0001auth=Basic good\u0001\u0001", """{"status":"invalid_token","openid-configuration":"https://id.example.test/.well-known/openid-configuration"}""", "\u0001")]
    [InlineData("XOAUTH2", "user=ann@example.test\u0001auth=Bearer bad\u0001\u0001", """{"status":"401","schemes":"bearer"}""", "")]
    public async Task A_client_is_told_why_before_it_is_denied(string mechanism, string message, string reason, string answer)
    {
        var server = Create(mechanism);
        Encoding.UTF8.GetString((await StepAsync(server, message)).Should().BeOfType<SaslStep.Challenge>().Which.Data.Span).Should().Be(reason);
        (await StepAsync(server, answer)).Should().BeOfType<SaslStep.Denied>();
    }

    [Theory]
    [InlineData("OAUTHBEARER", "")]
    [InlineData("OAUTHBEARER", "n,,auth=Bearer good\u0001\u0001")]
    [InlineData("OAUTHBEARER", "n,,\u0001auth=Bearer good\u0001")]
    [InlineData("OAUTHBEARER", "p=tls-exporter,,\u0001auth=Bearer good\u0001\u0001")]
    [InlineData("OAUTHBEARER", "n,a=,\u0001auth=Bearer good\u0001\u0001")]
    [InlineData("OAUTHBEARER", "n,a=b=2c,\u0001auth=Bearer good\u0001\u0001")]
    [InlineData("OAUTHBEARER", "n,,\u0001auth=Bearer good\u0001auth=Bearer good\u0001\u0001")]
    [InlineData("XOAUTH2", "auth=Bearer good\u0001\u0001")]
    [InlineData("XOAUTH2", "user=\u0001auth=Bearer good\u0001\u0001")]
    [InlineData("XOAUTH2", "user=ann@example.test\u0001auth=Bearer good")]
    public async Task What_is_no_message(string mechanism, string message)
        => (await StepAsync(Create(mechanism), message)).Should().BeOfType<SaslStep.Malformed>();

    [Fact]
    public async Task Without_an_initial_response_it_is_asked_for()
    {
        var server = Create("oauthbearer");
        (await server.StepAsync(null, CancellationToken.None)).Should().BeOfType<SaslStep.Challenge>().Which.Data.Length.Should().Be(0);
        (await StepAsync(server, "n,,\u0001auth=Bearer good\u0001\u0001")).Should().BeOfType<SaslStep.Granted>();
    }

    [Fact]
    public void They_are_offered_where_tokens_can_be_checked()
        => SaslServer.Offered(Context).Should().Equal("SCRAM-SHA-256", "OAUTHBEARER", "XOAUTH2", "PLAIN", "LOGIN");

    private SaslServer Create(string mechanism) => SaslServer.Create(mechanism, Context)!;

    private static async Task<SaslStep> StepAsync(SaslServer server, string message) => await server.StepAsync(Encoding.UTF8.GetBytes(message), CancellationToken.None);

    private sealed class Tokens : ITokenCheck
    {
        public List<(string Token, string? Login, LoginProtocol Protocol)> Asked { get; } = [];

        public Uri? OpenIdConfiguration { get; } = new("https://id.example.test/.well-known/openid-configuration");

        public ValueTask<LoginOutcome> CheckAsync(string token, string? login, LoginProtocol protocol, IPAddress? client, CancellationToken cancellationToken)
        {
            Asked.Add((token, login, protocol));
            return new(token == "good" ? new LoginOutcome.Granted(new SingleAccountDirectory().Account) : new LoginOutcome.Denied());
        }
    }
}
