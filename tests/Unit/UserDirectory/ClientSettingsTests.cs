using System.Net;
using System.Security.Cryptography.Pkcs;
using System.Text;
using System.Xml.Linq;
using AwesomeAssertions;
using Merpati.Accounts;
using Merpati.Mail.Dns;
using Merpati.Platform.Hosting;
using Merpati.Platform.Tls;
using Merpati.Storage;
using Merpati.TestKit;
using Merpati.TestKit.Accounts;
using Merpati.UserDirectory;
using Merpati.UserDirectory.ClientSettings;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Merpati.Tests.Unit.UserDirectory;

/// <summary>What strangers are told over HTTPS: settings for mail clients and the MTA-STS policy.</summary>
public sealed class ClientSettingsTests : IAsyncLifetime
{
    private const string Outlook = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("merpati-site-");
    private WebApplication _app = null!;
    private HttpClient _client = null!;
    private int _site;
    private int _inside;

    public async Task InitializeAsync()
    {
        var certificates = new CertificateSource([SelfSignedCertificate.Ensure(_folder.FullName, ["mta-sts.example.test", "localhost"], TimeProvider.System)], TimeProvider.System, NullLogger<CertificateSource>.Instance);
        certificates.Load();
        (_site, _inside) = (FreePorts.Take(), FreePorts.Take());
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddSingleton<IDirectoryStore>(new InMemoryDirectoryStore());
        builder.Services.AddSingleton<Relaying.ISuppressionList>(new InMemorySuppressionList(TimeProvider.System));
        builder.Services.AddSingleton<ISharedRecords>(new Merpati.TestKit.Stores.InMemorySharedRecords(TimeProvider.System));
        builder.Services.AddUserDirectory();
        builder.Services.Configure<ClientSettingsOptions>(options =>
        {
            options.HostName = "mx.example.test";
            options.Imap = "imap.example.test";
            options.DisplayName = "Tests & <Co>";
            options.MtaStsMode = MtaStsMode.Enforce;
        });
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.ListenLocalhost(_inside);
            kestrel.ListenForEverybody([IPAddress.Loopback], _site, certificates);
        });
        _app = builder.Build();
        _app.UseSite(_site, ActivatorUtilities.CreateInstance<ClientSettingsSite>(_app.Services, certificates).AnswerAsync);
        _app.MapGet("/metrics", () => "inside");
        await _app.Services.GetRequiredService<IDirectoryStore>().AddDomainAsync(new LocalDomain("example.test", null), CancellationToken.None);
        await _app.Services.GetRequiredService<IDirectoryStore>().AddDomainAsync(new LocalDomain("b\u00FCcher.test", null), CancellationToken.None);
        await _app.StartAsync();
        _client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true } });
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task The_MTA_STS_policy_is_that_of_the_name_asked_for_and_its_id_is_made_of_it()
    {
        var (status, type, text) = await GetAsync("mta-sts.example.test", "/.well-known/mta-sts.txt");

        (status, type).Should().Be((HttpStatusCode.OK, "text/plain"));
        text.Should().Be("version: STSv1\r\nmode: enforce\r\nmx: mx.example.test\r\nmax_age: 604800\r\n");
        var policy = MtaStsPolicy.Parse(text, out var reason);
        reason.Should().BeEmpty();
        policy!.Matches("mx.example.test").Should().BeTrue();
        new PublishedMtaStsPolicy(MtaStsMode.Enforce, ["mx.example.test"], TimeSpan.FromDays(7)).Id.Should().MatchRegex("^[a-z0-9]{1,32}$")
            .And.NotBe(new PublishedMtaStsPolicy(MtaStsMode.Testing, ["mx.example.test"], TimeSpan.FromDays(7)).Id);
        foreach (var host in (string[])["example.test", "mta-sts.other.test", "mta-sts.", "autoconfig.example.test"]) (await GetAsync(host, "/.well-known/mta-sts.txt")).Status.Should().Be(HttpStatusCode.NotFound, host);
        (await GetAsync("mta-sts.xn--bcher-kva.test", "/.well-known/mta-sts.txt")).Status.Should().Be(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("autoconfig.example.test", "/mail/config-v1.1.xml?emailaddress=ann%40example.test")]
    [InlineData("autoconfig.example.test", "/mail/config-v1.1.xml")]
    [InlineData("example.test", "/.well-known/autoconfig/mail/config-v1.1.xml?emailaddress=nobody%40example.test")]
    [InlineData("mx.elsewhere.test", "/.well-known/autoconfig/mail/config-v1.1.xml?emailaddress=nobody%40EXAMPLE.test")]
    public async Task Thunderbird_is_told_of_IMAP_POP3_and_SMTP(string host, string path)
    {
        var (status, type, text) = await GetAsync(host, path);

        (status, type).Should().Be((HttpStatusCode.OK, "text/xml"));
        var provider = XDocument.Parse(text).Root!.Element("emailProvider")!;
        provider.Element("domain")!.Value.Should().Be("example.test");
        provider.Element("displayName")!.Value.Should().Be("Tests & <Co>");
        provider.Elements().Where(server => server.Attribute("type") is not null)
            .Select(server => (server.Name.LocalName, server.Attribute("type")!.Value, server.Element("hostname")!.Value, server.Element("port")!.Value, server.Element("socketType")!.Value, server.Element("username")!.Value))
            .Should().Equal(
                ("incomingServer", "imap", "imap.example.test", "993", "SSL", "%EMAILADDRESS%"),
                ("incomingServer", "pop3", "mx.example.test", "995", "SSL", "%EMAILADDRESS%"),
                ("outgoingServer", "smtp", "mx.example.test", "465", "SSL", "%EMAILADDRESS%"));
    }

    [Fact]
    public async Task Outlook_is_told_of_IMAP_and_SMTP_and_that_Exchange_is_not_here()
    {
        var (_, type, text) = await PostAsync(Question("ann@example.test", Outlook));
        type.Should().Be("text/xml");
        XNamespace outlook = Outlook;
        var protocols = XDocument.Parse(text).Descendants(outlook + "Protocol").ToList();
        protocols.Select(protocol => protocol.Element(outlook + "Type")!.Value).Should().Equal("IMAP", "POP3", "SMTP");
        protocols.Should().OnlyContain(protocol => protocol.Element(outlook + "LoginName")!.Value == "ann@example.test" && protocol.Element(outlook + "SSL")!.Value == "on");

        (await PostAsync(Question("ann@example.test", "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006"))).Text.Should().Contain("<ErrorCode>601");
        (await PostAsync(Question("ann@other.test", Outlook))).Text.Should().Contain("<ErrorCode>500");
        (await PostAsync(Question("no address", Outlook))).Text.Should().Contain("<ErrorCode>500");
        (await GetAsync("autodiscover.example.test", "/Autodiscover/Autodiscover.xml")).Text.Should().Contain("<ErrorCode>600");

        var (found, _, json) = await GetAsync("autodiscover.example.test", "/autodiscover/autodiscover.json?Email=ann%40example.test&Protocol=AutodiscoverV1");
        found.Should().Be(HttpStatusCode.OK);
        json.Should().Be("""{"Protocol":"AutodiscoverV1","Url":"https://mx.example.test/autodiscover/autodiscover.xml"}""");
        (await GetAsync("autodiscover.example.test", "/autodiscover/autodiscover.json?Email=ann%40example.test&Protocol=ActiveSync")).Should().Match<(HttpStatusCode Status, string? Type, string Text)>(answer => answer.Status == HttpStatusCode.BadRequest && answer.Text.Contains("InvalidProtocol"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("no XML")]
    [InlineData("<a>")]
    [InlineData("<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><Autodiscover><Request><EMailAddress>&b;</EMailAddress></Request></Autodiscover>")]
    [InlineData("<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'bb'><!ENTITY c '&b;&b;'>]><Autodiscover><EMailAddress>&c;</EMailAddress></Autodiscover>")]
    public async Task What_is_no_question_gets_an_error_and_no_entity_is_looked_up(string body) => (await PostAsync(body)).Should().Match<(HttpStatusCode Status, string? Type, string Text)>(answer => answer.Text.Contains("<ErrorCode>600") && !answer.Text.Contains("root:"));

    [Fact]
    public async Task A_question_without_end_is_not_read_to_its_end()
    {
        var deep = string.Concat(Enumerable.Repeat("<a>", 5000));
        (await PostAsync(deep)).Text.Should().Contain("<ErrorCode>600");
        (await PostAsync($"<a>{new string('x', 60_000)}</a>")).Text.Should().Contain("<ErrorCode>600");
        (await PostAsync($"<a>{new string('x', 1_000_000)}</a>")).Text.Should().Contain("<ErrorCode>600", "who sends too much is answered, not cut off");
    }

    [Fact]
    public async Task Apple_gets_a_signed_profile_without_a_password()
    {
        var octets = await OctetsAsync("mx.example.test", "/email.mobileconfig?email=ann%2Bx%40example.test");
        var signed = new SignedCms();
        signed.Decode(octets);
        signed.CheckSignature(verifySignatureOnly: true);
        var text = Encoding.UTF8.GetString(signed.ContentInfo.Content);
        text.Should().Contain("PLIST 1.0//EN");
        var profile = XDocument.Parse(text[text.IndexOf("<plist", StringComparison.Ordinal)..]);
        string? After(string key) => (profile.Descendants("key").FirstOrDefault(element => element.Value == key)?.NextNode as XElement)?.Value;
        (After("EmailAccountType"), After("EmailAddress"), After("IncomingMailServerHostName"), After("IncomingMailServerPortNumber"), After("OutgoingMailServerPortNumber")).Should().Be(("EmailTypeIMAP", "ann+x@example.test", "imap.example.test", "993", "465"));
        profile.ToString().Should().NotContain("<key>IncomingPassword</key>").And.NotContain("<key>OutgoingPassword</key>");
        (await GetAsync("mx.example.test", "/email.mobileconfig?email=ann%40other.test")).Status.Should().Be(HttpStatusCode.NotFound);
        (await GetAsync("mx.example.test", "/email.mobileconfig")).Status.Should().Be(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Which_accounts_exist_cannot_be_told()
    {
        await _app.Services.GetRequiredService<IDirectoryStore>().AddAccountAsync(new Account { Id = Merpati.Mailboxes.AccountId.New(TimeProvider.System), Address = Addresses.EmailAddress.Parse("ann@example.test") }, null, CancellationToken.None);
        foreach (var path in (string[])["/mail/config-v1.1.xml?emailaddress={0}", "/autodiscover/autodiscover.json?Email={0}&Protocol=AutodiscoverV1"])
            (await GetAsync("autoconfig.example.test", path.Replace("{0}", "ann%40example.test", StringComparison.Ordinal))).Should().Be(await GetAsync("autoconfig.example.test", path.Replace("{0}", "bob%40example.test", StringComparison.Ordinal)));
        (await PostAsync(Question("ann@example.test", Outlook))).Text.Replace("ann@", "bob@", StringComparison.Ordinal).Should().Be((await PostAsync(Question("bob@example.test", Outlook))).Text);
    }

    [Fact]
    public async Task Nothing_else_is_on_the_port_and_it_is_on_no_other()
    {
        (await GetAsync("example.test", "/metrics")).Status.Should().Be(HttpStatusCode.NotFound);
        (await GetAsync("example.test", "/")).Status.Should().Be(HttpStatusCode.NotFound);
        (await _client.GetStringAsync(new Uri($"http://127.0.0.1:{_inside}/metrics"))).Should().Be("inside");
        using var inside = await _client.GetAsync(new Uri($"http://127.0.0.1:{_inside}/mail/config-v1.1.xml?emailaddress=ann%40example.test"));
        inside.StatusCode.Should().Be(HttpStatusCode.NotFound);
    }

    private static string Question(string address, string schema)
        => $"""<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"><Request><EMailAddress>{address}</EMailAddress><AcceptableResponseSchema>{schema}</AcceptableResponseSchema></Request></Autodiscover>""";

    private async Task<(HttpStatusCode Status, string? Type, string Text)> GetAsync(string host, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"https://127.0.0.1:{_site}{path}")) { Headers = { Host = host } };
        return await SendAsync(request);
    }

    private async Task<(HttpStatusCode Status, string? Type, string Text)> PostAsync(string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"https://127.0.0.1:{_site}/autodiscover/autodiscover.xml")) { Headers = { Host = "autodiscover.example.test" }, Content = new StringContent(body, Encoding.UTF8, "text/xml") };
        return await SendAsync(request);
    }

    private async Task<byte[]> OctetsAsync(string host, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"https://127.0.0.1:{_site}{path}")) { Headers = { Host = host } };
        using var response = await _client.SendAsync(request);
        response.Content.Headers.ContentType!.MediaType.Should().Be("application/x-apple-aspen-config");
        return await response.Content.ReadAsByteArrayAsync();
    }

    private async Task<(HttpStatusCode Status, string? Type, string Text)> SendAsync(HttpRequestMessage request)
    {
        using var response = await _client.SendAsync(request);
        return (response.StatusCode, response.Content.Headers.ContentType?.MediaType, await response.Content.ReadAsStringAsync());
    }
}
