using System.Net;
using System.Security.Cryptography.X509Certificates;
using AwesomeAssertions;
using Merpati.Mail.Dns;
using Merpati.OutboundRelay.Destinations;
using Merpati.Platform.Tls;
using Merpati.Relaying;
using Merpati.TestKit.Dns;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Merpati.Tests.Unit.OutboundRelay.Destinations;

/// <summary>Fetching MTA-STS policies from a web server with TLS on loopback, found by DNS (RFC 8461 §3.3).</summary>
public sealed class HttpPolicyFetcherTests : IAsyncLifetime
{
    private const string Policy = "version: STSv1\nmode: enforce\nmx: mx.example.org\nmax_age: 604800\n";
    private const string Zone = """
        mta-sts.example.org A 127.0.0.1
        mta-sts.example.net A 127.0.0.1
        mta-sts.servfail.example !SERVFAIL
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("merpati-sts-").FullName;
    private readonly DevelopmentAuthority _authority = new(TimeProvider.System);
    private readonly DnsTestServer _dns = DnsTestServer.Start(Zone);
    private RequestDelegate _answer = context => TextAsync(context, Policy);
    private WebApplication _web = null!;
    private int _port;

    public async Task InitializeAsync()
    {
        var files = _authority.Issue(_folder, "mta-sts.example.org");
        using var pem = X509Certificate2.CreateFromPemFile(files.Certificate, files.Key);
        var certificate = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate)));
        _web = builder.Build();
        _web.MapGet("/.well-known/mta-sts.txt", context => _answer(context));
        await _web.StartAsync();
        _port = new Uri(_web.Services.GetRequiredService<Microsoft.AspNetCore.Hosting.Server.IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;
    }

    public async Task DisposeAsync()
    {
        await _web.DisposeAsync();
        await _dns.DisposeAsync();
        _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_policy_is_fetched()
        => (await FetchAsync("example.org")).Should().BeOfType<PolicyFetch.Fetched>().Which.Text.Should().Be(Policy);

    [Fact]
    public async Task A_certificate_for_another_name_is_refused()
        => (await FetchAsync("example.net")).Should().BeOfType<PolicyFetch.Failed>().Which.Failure.Should().Be(TlsFailure.StsWebPkiInvalid);

    [Fact]
    public async Task A_certificate_of_nobody_is_refused()
        => (await FetchAsync("example.org", trusted: false)).Should().BeOfType<PolicyFetch.Failed>().Which.Failure.Should().Be(TlsFailure.StsWebPkiInvalid);

    [Theory]
    [InlineData("none.example")]
    [InlineData("servfail.example")]
    public async Task A_web_server_that_cannot_be_found_is_a_failure(string domain)
        => (await FetchAsync(domain)).Should().BeOfType<PolicyFetch.Failed>().Which.Failure.Should().Be(TlsFailure.StsPolicyFetchError);

    [Fact]
    public async Task Nobody_makes_us_connect_to_machines_of_our_own()
    {
        var failed = (await FetchAsync("example.org", new DestinationOptions())).Should().BeOfType<PolicyFetch.Failed>().Subject;
        failed.Failure.Should().Be(TlsFailure.StsPolicyFetchError);
        failed.Reason.Should().Contain("127.0.0.1 is a loopback address");
    }

    [Theory]
    [InlineData("redirect")]
    [InlineData("missing")]
    [InlineData("html")]
    [InlineData("untyped")]
    [InlineData("large")]
    [InlineData("endless")]
    [InlineData("cut")]
    public async Task Other_answers_are_failures(string kind)
    {
        _answer = kind switch
        {
            "redirect" => context =>
            {
                context.Response.Redirect("/.well-known/mta-sts.txt?again");
                return Task.CompletedTask;
            },
            "missing" => context =>
            {
                context.Response.StatusCode = 404;
                return TextAsync(context, Policy);
            },
            "html" => context =>
            {
                context.Response.ContentType = "text/html";
                return context.Response.WriteAsync(Policy, context.RequestAborted);
            },
            "untyped" => async context => await context.Response.Body.WriteAsync("version: STSv1"u8.ToArray(), context.RequestAborted),
            "large" => context => TextAsync(context, Policy + new string('x', MtaStsPolicy.MaxOctets)),
            "endless" => async context =>
            {
                context.Response.ContentType = "text/plain";
                while (!context.RequestAborted.IsCancellationRequested) await context.Response.WriteAsync(Policy, context.RequestAborted);
            },
            _ => async context =>
            {
                context.Response.ContentType = "text/plain";
                context.Response.ContentLength = 1000;
                await context.Response.WriteAsync(Policy, context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
                context.Abort();
            },
        };
        (await FetchAsync("example.org")).Should().BeOfType<PolicyFetch.Failed>().Which.Failure.Should().Be(TlsFailure.StsPolicyFetchError);
    }

    [Fact]
    public async Task A_web_server_that_drips_has_so_long_and_no_longer()
    {
        _answer = async context =>
        {
            context.Response.ContentType = "text/plain";
            await context.Response.WriteAsync("version: ", context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        };
        (await FetchAsync("example.org", timeout: TimeSpan.FromSeconds(1))).Should().BeOfType<PolicyFetch.Failed>().Which.Reason.Should().Contain("within 1 s");
    }

    private static Task TextAsync(HttpContext context, string text)
    {
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(text, context.RequestAborted);
    }

    private async Task<PolicyFetch> FetchAsync(string domain, DestinationOptions? destinations = null, bool trusted = true, TimeSpan? timeout = null)
    {
        using var dns = new MailDns(new DnsOptions { Servers = { _dns.Address }, Timeout = TimeSpan.FromSeconds(20), QuestionTimeout = TimeSpan.FromSeconds(60) }, TimeProvider.System, NullLogger<MailDns>.Instance);
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        using var root = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(_authority.WriteAuthority(_folder)));
        if (trusted) trust.CustomTrustStore.Add(root);
        using var fetcher = new HttpPolicyFetcher(dns, destinations ?? new DestinationOptions { AllowPrivateAddresses = true }, timeout ?? TimeSpan.FromSeconds(60), _port, trusted ? trust : null);
        return await fetcher.FetchAsync(domain, CancellationToken.None);
    }
}
