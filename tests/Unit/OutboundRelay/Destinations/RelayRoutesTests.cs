using AwesomeAssertions;
using Merpati.Mail.Dns;
using Merpati.OutboundRelay.Destinations;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xunit;

namespace Merpati.Tests.Unit.OutboundRelay.Destinations;

public sealed class RelayRoutesTests
{
    [Theory]
    [InlineData("example.org", "exact.test")]
    [InlineData("a.example.org", "below.test")]
    [InlineData("b.a.example.org", "below.test")]
    [InlineData("deep.a.b.example.org", "deeper.test")]
    [InlineData("a.b.example.org", "below.test")]
    [InlineData("notexample.org", "all.test")]
    [InlineData("xn--bcher-kva.example", "idn.test")]
    [InlineData("[192.0.2.1]", "all.test")]
    public void The_longest_name_that_fits_is_the_route(string destination, string host)
        => Table(("example.org:Host", "exact.test"), (".example.org:Host", "below.test"), (".a.b.Example.org:Host", "deeper.test"), ("bücher.example:Host", "idn.test"), ("*:Host", "all.test"))
            !.Find(destination)!.Host.Should().Be(host);

    [Fact]
    public void Without_a_route_DNS_says_where_to_go()
    {
        Table()!.Find("example.org").Should().BeNull();
        Table((".example.org:Host", "below.test"))!.Find("example.org").Should().BeNull();
        Table((".1]:Host", "x")).Should().BeNull("that is no name");
    }

    [Fact]
    public async Task What_is_not_said_follows_from_what_is()
    {
        var secret = Path.GetTempFileName();
        await File.WriteAllTextAsync(secret, "hush\nmore\n");
        Table(("*:Host", "Plain.test"))!.Find("a.test").Should().Be(new RelayRoute("plain.test", false, 25, false, false, TlsPolicyLevel.May, null));
        Table(("*:Host", "2001:db8::1"), ("*:Lmtp", "true"))!.Find("a.test").Should().Be(new RelayRoute("2001:db8::1", false, 24, true, false, TlsPolicyLevel.May, null));
        Table(("*:Host", "s.test"), ("*:ImplicitTls", "true"))!.Find("a.test").Should().Be(new RelayRoute("s.test", false, 465, false, true, TlsPolicyLevel.Verify, null));
        var smartHost = Table(("*:Host", "s.test"), ("*:LookUpMx", "true"), ("*:User", "ann"), ("*:PasswordFile", secret))!.Find("a.test")!;
        smartHost.Should().Be(new RelayRoute("s.test", true, 587, false, false, TlsPolicyLevel.Verify, new RelayLogin("ann", secret)));
        (await smartHost.Login!.ReadPasswordAsync(default)).Should().Be("hush");
        smartHost.ToString().Should().NotContain(secret);
        await File.WriteAllTextAsync(secret, "\nhush");
        await FluentActions.Awaiting(() => smartHost.Login.ReadPasswordAsync(default).AsTask()).Should().ThrowAsync<IOException>();
        File.Delete(secret);
        await FluentActions.Awaiting(() => smartHost.Login.ReadPasswordAsync(default).AsTask()).Should().ThrowAsync<IOException>();
    }

    [Theory]
    [InlineData("Relay:Routes:not a domain: that is not a domain*", "not a domain:Host=a.test")]
    [InlineData("Relay:Routes:*: Host is neither a host name nor an address.", "*:Port=25")]
    [InlineData("Relay:Routes:*: LookUpMx needs a domain as Host; an address has no MX.", "*:Host=192.0.2.1", "*:LookUpMx=true")]
    [InlineData("Relay:Routes:*: Port is between 1 and 65535.", "*:Host=a.test", "*:Port=0")]
    [InlineData("Relay:Routes:*: with ImplicitTls Tls is Encrypt, Verify or Dane.", "*:Host=a.test", "*:ImplicitTls=true", "*:Tls=May")]
    [InlineData("Relay:Routes:*: User and PasswordFile belong together.", "*:Host=a.test", "*:User=ann")]
    [InlineData("Relay:Routes:*: a password goes over TLS only*", "*:Host=a.test", "*:User=ann", "*:PasswordFile=/dev/null", "*:Tls=None")]
    [InlineData("Relay:Routes:*: PasswordFile: there is no file /nowhere/secret.", "*:Host=a.test", "*:User=ann", "*:PasswordFile=/nowhere/secret")]
    public void What_is_wrong_is_named_at_start(string message, params string[] settings)
        => FluentActions.Invoking(() => Options([.. settings.Select(setting => setting.Split('=')).Select(pair => (pair[0], pair[1]))])).Should().Throw<OptionsValidationException>().WithMessage("*" + message + "*");

    private static RelayRoutes? Table(params (string Key, string Value)[] settings)
    {
        try { return Options(settings).ToTable(); }
        catch (OptionsValidationException) { return null; }
    }

    private static RelayRoutesOptions Options((string Key, string Value)[] settings)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create("Relay:Routes:" + setting.Key, (string?)setting.Value))).Build());
        services.AddDestinations();
        using var provider = services.BuildServiceProvider();
        return provider.GetRequiredService<IOptions<RelayRoutesOptions>>().Value;
    }
}
