using AwesomeAssertions;
using Merpati.Accounts;
using Merpati.ImapGateway;
using Merpati.Mailboxes;
using Merpati.TestKit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xunit;

namespace Merpati.Tests.Unit.ImapGateway;

public sealed class ImapGatewayTests
{
    private readonly ImapTestServer _server = new();

    [Fact]
    public async Task The_gateway_is_wired_and_its_settings_reach_the_engine()
    {
        await using var provider = Configure(("ImapGateway:AllowPlaintextAuth", "true"), ("ImapGateway:AppendLimit", "100000"));
        var sessions = provider.GetRequiredService<ImapSessions>();
        await Transcript.RunAsync(sessions.RunAsync, """
            S~ \* OK \[CAPABILITY .* APPENDLIMIT=100000 .*\] Merpati ready
            C: 1 LOGIN ann@example.test secret
            S~ 1 OK .*
            C: 2 LOGOUT
            S: * BYE Logging out
            S: 2 OK LOGOUT completed
            * closed
            """);
    }

    [Theory]
    [InlineData("AppendLimit", "1")]
    [InlineData("IdleTimeout", "00:05:00")]
    [InlineData("LoginTimeout", "00:00:00")]
    [InlineData("StallTimeout", "00:00:01")]
    [InlineData("IdlePoll", "00:00:00")]
    public void A_wrong_value_is_named(string key, string value)
    {
        using var provider = Configure(("ImapGateway:" + key, value));
        provider.Invoking(services => services.GetRequiredService<IOptions<ImapGatewayOptions>>().Value)
            .Should().Throw<OptionsValidationException>().Which.Message.Should().StartWith(key + ": ");
    }

    private ServiceProvider Configure(params (string Key, string Value)[] settings) => new ServiceCollection()
        .AddLogging()
        .AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create<string, string?>(setting.Key, setting.Value))).Build())
        .AddSingleton<IDirectory>(_server.Directory)
        .AddSingleton<IMailboxes>(_server.Mailboxes)
        .AddSingleton<IMailboxChangeFeed>(_server.Feed)
        .AddImapGateway()
        .BuildServiceProvider();
}
