using AwesomeAssertions;
using Merpati.Accounts;
using Merpati.Mailboxes;
using Merpati.Pop3Gateway;
using Merpati.TestKit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xunit;

namespace Merpati.Tests.Unit.Pop3Gateway;

public sealed class Pop3GatewayOptionsTests
{
    [Fact]
    public void The_gateway_is_wired_with_its_defaults()
    {
        using var provider = Configure();
        provider.GetRequiredService<Pop3Sessions>().Should().NotBeNull();
        provider.GetRequiredService<IOptions<Pop3GatewayOptions>>().Value.IdleTimeout.Should().Be(TimeSpan.FromMinutes(10));
    }

    [Theory]
    [InlineData("IdleTimeout", "00:01:00")]
    [InlineData("HostName", "not a name")]
    [InlineData("HostName", "")]
    [InlineData("MaxBadCommands", "0")]
    [InlineData("LoginTimeout", "00:00:00")]
    public void A_wrong_value_is_named(string key, string value)
    {
        using var provider = Configure(("Pop3Gateway:" + key, value));
        provider.Invoking(services => services.GetRequiredService<IOptions<Pop3GatewayOptions>>().Value)
            .Should().Throw<OptionsValidationException>().Which.Message.Should().StartWith(key + ": ");
    }

    private static ServiceProvider Configure(params (string Key, string Value)[] settings) => new ServiceCollection()
        .AddLogging()
        .AddSingleton<IDirectory, SingleAccountDirectory>()
        .AddSingleton<IMailboxes, MemoryInbox>()
        .AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create<string, string?>(setting.Key, setting.Value))).Build())
        .AddPop3Gateway()
        .BuildServiceProvider();
}
