using System.Text;
using AwesomeAssertions;
using Merpati.Accounts;
using Merpati.Protocols.Sasl;
using Merpati.TestKit;
using Xunit;

namespace Merpati.Tests.Unit.Protocols.Sasl;

/// <summary>RFC 4616, and LOGIN beside it.</summary>
public sealed class PlainTests
{
    private readonly SingleAccountDirectory _directory = new();

    [Theory]
    [InlineData("\0ann@example.test\0correct horse")]
    [InlineData("ann@example.test\0ann@example.test\0correct horse")]
    [InlineData("ANN@example.test\0ann@example.test\0correct horse")]
    public async Task The_right_password_is_granted(string response)
        => (await PlainAsync(response)).Should().BeOfType<SaslStep.Granted>().Which.Account.Should().Be(_directory.Account);

    [Theory]
    [InlineData("\0ann@example.test\0wrong")]
    [InlineData("\0nobody@example.test\0correct horse")]
    [InlineData("bob@example.test\0ann@example.test\0correct horse")]
    public async Task A_wrong_one_or_another_identity_is_denied(string response)
        => (await PlainAsync(response)).Should().BeOfType<SaslStep.Denied>();

    [Theory]
    [InlineData("")]
    [InlineData("ann@example.test")]
    [InlineData("\0ann@example.test")]
    [InlineData("\0\0correct horse")]
    [InlineData("\0ann@example.test\0")]
    [InlineData("\0ann@example.test\0correct\0horse")]
    [InlineData("\0\0\0\0")]
    public async Task What_is_no_message_is_malformed(string response)
        => (await PlainAsync(response)).Should().BeOfType<SaslStep.Malformed>();

    [Fact]
    public async Task Octets_that_are_not_utf8_are_malformed()
        => (await StepAsync("PLAIN", [0, 0xC3, 0x28, 0, 0xFF])).Should().BeOfType<SaslStep.Malformed>();

    [Fact]
    public async Task A_response_over_the_limit_is_malformed()
        => (await PlainAsync("\0ann@example.test\0" + new string('x', SaslServer.MaxResponseLength))).Should().BeOfType<SaslStep.Malformed>();

    [Fact]
    public async Task Without_an_initial_response_the_challenge_is_empty()
        => (await StepAsync("plain", null)).Should().BeOfType<SaslStep.Challenge>().Which.Data.Length.Should().Be(0);

    [Fact]
    public async Task Too_many_failures_are_throttled()
    {
        _directory.Throttles = true;
        (await PlainAsync("\0ann@example.test\0correct horse")).Should().BeOfType<SaslStep.Throttled>();
    }

    [Theory]
    [InlineData("CRAM-MD5")]
    [InlineData("")]
    [InlineData("PLAIN ")]
    [InlineData("SCRAM-SHA-256-PLUS")]
    [InlineData("OAUTHBEARER")]
    [InlineData("XOAUTH2")]
    public void Other_mechanisms_do_not_exist(string mechanism)
        => SaslServer.Create(mechanism, new SaslContext(_directory, LoginProtocol.Imap, Client: null)).Should().BeNull();

    [Fact]
    public async Task Login_prompts_for_name_and_password()
    {
        var login = SaslServer.Create("LOGIN", new SaslContext(_directory, LoginProtocol.Submission, Client: null))!;
        (await login.StepAsync(null, default)).Should().BeOfType<SaslStep.Challenge>().Which.Data.ToArray().Should().Equal("Username:"u8.ToArray());
        (await login.StepAsync("ann@example.test"u8.ToArray(), default)).Should().BeOfType<SaslStep.Challenge>().Which.Data.ToArray().Should().Equal("Password:"u8.ToArray());
        (await login.StepAsync("correct horse"u8.ToArray(), default)).Should().BeOfType<SaslStep.Granted>();
        _directory.Logins.Should().Equal(("ann@example.test", LoginProtocol.Submission, true));
    }

    [Theory]
    [InlineData("")]
    [InlineData("ann\0")]
    public async Task Login_takes_no_empty_name_and_no_nul(string name)
        => (await StepAsync("LOGIN", Encoding.UTF8.GetBytes(name))).Should().BeOfType<SaslStep.Malformed>();

    private Task<SaslStep> PlainAsync(string response) => StepAsync("PLAIN", Encoding.UTF8.GetBytes(response));

    private async Task<SaslStep> StepAsync(string mechanism, byte[]? response)
        => await SaslServer.Create(mechanism, new SaslContext(_directory, LoginProtocol.Imap, Client: null))!.StepAsync(response is null ? (ReadOnlyMemory<byte>?)null : response, default);
}
