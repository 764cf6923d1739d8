using Merpati.Delivery;
using Merpati.Delivery.Mailboxes;
using Merpati.ImapGateway;
using Merpati.Mail.Dns;
using Merpati.OutboundRelay.Destinations;
using Merpati.OutboundRelay.Queue;
using Merpati.OutboundRelay.Sending;
using Merpati.OutboundRelay.TlsReports;
using Merpati.Platform.Hosting;
using Merpati.Platform.Reports;
using Merpati.Pop3Gateway;
using Merpati.SmtpIngress;
using Merpati.UserDirectory;
using Merpati.UserDirectory.ClientSettings;

namespace Merpati.Standalone.Configuration;

/// <summary>What can be configured: the top and the sections of all services.</summary>
internal static class StandaloneConfiguration
{
    private static readonly Dictionary<string, Type> Sections = new()
    {
        [SmtpIngressOptions.Section] = typeof(SmtpIngressOptions),
        [MailboxesOptions.Section] = typeof(MailboxesOptions),
        [DeliveryOptions.Section] = typeof(DeliveryOptions),
        [ImapGatewayOptions.Section] = typeof(ImapGatewayOptions),
        [Pop3GatewayOptions.Section] = typeof(Pop3GatewayOptions),
        [UserDirectoryOptions.Section] = typeof(UserDirectoryOptions),
        [ClientSettingsOptions.Section] = typeof(ClientSettingsOptions),
        [OutboundRelayOptions.Section] = typeof(OutboundRelayOptions),
        [SendingOptions.Section] = typeof(SendingOptions),
        [DnsOptions.Section] = typeof(DnsOptions),
        [DestinationOptions.Section] = typeof(DestinationOptions),
        [RelayRoutesOptions.Section] = typeof(RelayRoutesOptions),
        [TlsPolicyOptions.Section] = typeof(TlsPolicyOptions),
        [TlsReportOptions.Section] = typeof(TlsReportOptions),
        [ReportOptions.Section] = typeof(ReportOptions),
    };

    /// <summary>Whoever writes a configuration does not want a demo, unless it says so.</summary>
    private static readonly Dictionary<string, string?> DefaultsOfFile = new() { ["demo"] = "false" };

    /// <exception cref="ConfigurationException">A key is unknown or a value is wrong; the message names the key and what to write.</exception>
    public static ServerConfiguration<StandaloneOptions> Load(string? file, IReadOnlyDictionary<string, string?> commandLine)
        => ServerConfiguration.Load<StandaloneOptions>(file, commandLine, Sections, DefaultsOfFile);
}
