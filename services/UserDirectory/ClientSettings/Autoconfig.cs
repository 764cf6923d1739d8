using System.Globalization;
using System.Xml.Linq;

namespace Merpati.UserDirectory.ClientSettings;

/// <summary>The file <c>config-v1.1.xml</c> that Thunderbird made, and that Evolution, KMail, K-9, FairEmail and others read.</summary>
internal static class Autoconfig
{
    public static XDocument Of(string domain, ClientSettingsOptions options)
    {
        var provider = new XElement(
            "emailProvider",
            new XAttribute("id", domain),
            new XElement("domain", domain),
            new XElement("displayName", options.DisplayName ?? domain),
            new XElement("displayShortName", options.DisplayName ?? domain));
        if (options.ImapsPort > 0) provider.Add(Server("incomingServer", "imap", options.ImapHost, options.ImapsPort));
        if (options.Pop3sPort > 0) provider.Add(Server("incomingServer", "pop3", options.Pop3Host, options.Pop3sPort));
        if (options.SubmissionsPort > 0) provider.Add(Server("outgoingServer", "smtp", options.SubmissionHost, options.SubmissionsPort));
        return new XDocument(new XDeclaration("1.0", "utf-8", null), new XElement("clientConfig", new XAttribute("version", "1.1"), provider));
    }

    private static XElement Server(string element, string type, string host, int port) => new(
        element,
        new XAttribute("type", type),
        new XElement("hostname", host),
        new XElement("port", port.ToString(CultureInfo.InvariantCulture)),
        new XElement("socketType", "SSL"),
        new XElement("authentication", "password-cleartext"),
        new XElement("username", "%EMAILADDRESS%"));
}
