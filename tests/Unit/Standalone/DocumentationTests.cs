using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using AwesomeAssertions;
using Merpati.Bus;
using Merpati.Delivery;
using Merpati.Delivery.Host;
using Merpati.Delivery.Mailboxes;
using Merpati.ImapGateway;
using Merpati.ImapGateway.Host;
using Merpati.Mail.Dns;
using Merpati.OutboundRelay.Destinations;
using Merpati.OutboundRelay.Host;
using Merpati.Platform.Admin;
using Merpati.Platform.Hosting;
using Merpati.Platform.Reports;
using Merpati.Platform.Listeners;
using Merpati.Pop3Gateway;
using Merpati.Pop3Gateway.Host;
using Merpati.Rpc;
using Merpati.Rpc.Accounts;
using Merpati.SmtpIngress;
using Merpati.SmtpIngress.Checks;
using Merpati.SmtpIngress.Host;
using Merpati.SmtpIngress.Scanners;
using Merpati.Standalone.Configuration;
using Merpati.Storage.MongoDb;
using Merpati.UserDirectory;
using Merpati.UserDirectory.ClientSettings;
using Merpati.UserDirectory.Host;
using Xunit;

namespace Merpati.Tests.Unit.Standalone;

/// <summary>What operators look up is all there, and is all true.</summary>
public sealed partial class DocumentationTests
{
    [Theory]
    [InlineData(typeof(StandaloneOptions), "The top")]
    [InlineData(typeof(TlsOptions), "tls")]
    [InlineData(typeof(ConnectionLimits), "connections")]
    [InlineData(typeof(ProxyProtocolOptions), "connections proxyProtocol")]
    [InlineData(typeof(SmtpIngressOptions), "smtpIngress")]
    [InlineData(typeof(CheckOptions), "smtpIngress checks")]
    [InlineData(typeof(DmarcOptions), "smtpIngress dmarc")]
    [InlineData(typeof(ContentOptions), "smtpIngress content")]
    [InlineData(typeof(ScannerOptions), "smtpIngress scanners")]
    [InlineData(typeof(DeliveryOptions), "delivery")]
    [InlineData(typeof(MailboxesOptions), "mailboxes")]
    [InlineData(typeof(ImapGatewayOptions), "imapGateway")]
    [InlineData(typeof(Pop3GatewayOptions), "pop3Gateway")]
    [InlineData(typeof(UserDirectoryOptions), "userDirectory")]
    [InlineData(typeof(ClientSettingsOptions), "clientSettings")]
    [InlineData(typeof(SiteOptions), "site")]
    [InlineData(typeof(BusOptions), "bus")]
    [InlineData(typeof(DirectoryCacheOptions), "directoryCache")]
    [InlineData(typeof(MongoStoreOptions), "mongo")]
    [InlineData(typeof(RpcOptions), "rpc")]
    [InlineData(typeof(RpcAccess), "rpc allow")]
    [InlineData(typeof(HttpOptions), "http")]
    [InlineData(typeof(AdminOptions), "admin")]
    [InlineData(typeof(DnsOptions), "dns")]
    [InlineData(typeof(DestinationOptions), "destinations")]
    [InlineData(typeof(TlsPolicyOptions), "tlsPolicies")]
    [InlineData(typeof(ReportOptions), "reports")]
    public void Every_option_is_documented_in_its_section(Type options, string heading) => ShouldDocument([options], heading);

    [Fact]
    public void The_tops_of_the_services_are_documented_together()
    {
        ShouldDocument([typeof(SmtpIngressHostOptions), typeof(DeliveryHostOptions), typeof(OutboundRelayHostOptions), typeof(ImapGatewayHostOptions), typeof(Pop3GatewayHostOptions), typeof(UserDirectoryHostOptions)], "A service of the cluster");
        ShouldDocument([typeof(SmtpPorts), typeof(ImapPorts), typeof(Pop3HostPorts)], "ports");
    }

    private static void ShouldDocument(Type[] options, string heading)
    {
        var text = Read("docs/operations/configuration.md");
        var section = Regex.Match(text, $@"^## {heading}$(?<text>.*?)(?=^## |\z)", RegexOptions.Multiline | RegexOptions.Singleline, TimeSpan.FromSeconds(1)).Groups["text"].Value;
        var documented = Keys().Matches(section).Select(match => match.Groups["name"].Value);
        documented.Should().BeEquivalentTo(options.SelectMany(type => type.GetProperties()).Select(property => char.ToLowerInvariant(property.Name[0]) + property.Name[1..]).Distinct());
    }

    [Fact]
    public void The_documented_metrics_are_those_of_the_sources()
    {
        var created = Directory.EnumerateFiles(Path.Combine(Root(), "services"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => Metrics().Matches(File.ReadAllText(file)).Select(match => match.Groups["name"].Value))
            .Distinct(); // every store measures alike
        Keys().Matches(Read("docs/operations/metrics.md")).Select(match => match.Groups["name"].Value).Should().BeEquivalentTo(created);
    }

    private static string Read(string path) => File.ReadAllText(Path.Combine(Root(), path));

    private static string Root([CallerFilePath] string path = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "../../.."));

    /// <summary>The first cell of a row in a table.</summary>
    [GeneratedRegex(@"^\| `(?<name>[A-Za-z0-9._]+)`", RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Keys();

    [GeneratedRegex(@"\.Create[A-Za-z]+(<[a-z]+>)?\(""(?<name>merpati\.[a-z0-9_.]+)""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Metrics();
}
