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
    [InlineData("Pop3Gateway:IdleTimeout", "00:01:00")]
    [InlineData("Pop3Gateway:HostName", "not a name")]
    [InlineData("Pop3Gateway:HostName", "")]
    [InlineData("Pop3Gateway:MaxBadCommands", "0")]
    [InlineData("Pop3Gateway:LoginTimeout", "00:00:00")]
    public void A_wrong_value_is_named_with_its_key(string key, string value)
    {
        using var provider = Configure((key, value));
        provider.Invoking(services => services.GetRequiredService<IOptions<Pop3GatewayOptions>>().Value)
            .Should().Throw<OptionsValidationException>().Which.Message.Should().Contain(key);
    }

    private static ServiceProvider Configure(params (string Key, string Value)[] settings) => new ServiceCollection()
        .AddLogging()
        .AddSingleton<IDirectory, SingleAccountDirectory>()
        .AddSingleton<IMailboxes, MemoryInbox>()
        .AddPop3Gateway(new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create<string, string?>(setting.Key, setting.Value))).Build())
        .BuildServiceProvider();
}
