using System.Globalization;
using System.Text.Json;
using System.Xml;
using System.Xml.Linq;

namespace Merpati.UserDirectory.ClientSettings;

/// <summary>What a client of Autodiscover asked.</summary>
/// <param name="Address">As written; null where there is none.</param>
/// <param name="Schema">The form of answer that it reads.</param>
internal sealed record AutodiscoverQuestion(string? Address, string? Schema);

/// <summary>
/// Microsoft's Autodiscover, as far as it is about IMAP, POP3 and SMTP: the plain old XML of [MS-OXDSCLI], and the JSON of version 2, which can only say that Exchange's protocols are not here.
/// </summary>
internal static class Autodiscover
{
    private const string ResponseNamespace = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006";
    private const string OutlookNamespace = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a";
    private const int MaxCharacters = 32 * 1024;

    /// <summary>Null where it is no question. Elements count by their local names: clients differ in namespaces.</summary>
    public static async Task<AutodiscoverQuestion?> ReadAsync(Stream body)
    {
        var settings = new XmlReaderSettings { Async = true, DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersInDocument = MaxCharacters, IgnoreComments = true, IgnoreProcessingInstructions = true };
        try
        {
            string? address = null, schema = null;
            using var reader = XmlReader.Create(body, settings);
            while (await reader.ReadAsync())
            {
                if (reader.NodeType != XmlNodeType.Element) continue;
                if (reader.Depth > 16) return null;
                if (reader.LocalName == "EMailAddress") address ??= await TextAsync(reader);
                else if (reader.LocalName == "AcceptableResponseSchema") schema ??= await TextAsync(reader);
            }
            return new AutodiscoverQuestion(address, schema);
        }
        catch (XmlException) { return null; }
    }

    public static bool Understands(AutodiscoverQuestion question) => question.Schema is null or OutlookNamespace;

    public static XDocument Of(ClientSettingsOptions options, string address)
    {
        XNamespace response = ResponseNamespace, outlook = OutlookNamespace;
        var account = new XElement(outlook + "Account", new XElement(outlook + "AccountType", "email"), new XElement(outlook + "Action", "settings"));
        if (options.ImapsPort > 0) account.Add(Protocol("IMAP", options.ImapHost, options.ImapsPort));
        if (options.Pop3sPort > 0) account.Add(Protocol("POP3", options.Pop3Host, options.Pop3sPort));
        if (options.SubmissionsPort > 0) account.Add(Protocol("SMTP", options.SubmissionHost, options.SubmissionsPort));
        return new XDocument(
            new XDeclaration("1.0", "utf-8", null),
            new XElement(response + "Autodiscover", new XElement(outlook + "Response", new XElement(outlook + "User", new XElement(outlook + "DisplayName", address)), account)));

        XElement Protocol(string type, string host, int port)
        {
            var protocol = new XElement(
                outlook + "Protocol",
                new XElement(outlook + "Type", type),
                new XElement(outlook + "Server", host),
                new XElement(outlook + "Port", port.ToString(CultureInfo.InvariantCulture)),
                new XElement(outlook + "DomainRequired", "off"),
                new XElement(outlook + "LoginName", address),
                new XElement(outlook + "SPA", "off"),
                new XElement(outlook + "SSL", "on"),
                new XElement(outlook + "Encryption", "SSL"),
                new XElement(outlook + "AuthRequired", "on"));
            if (type == "SMTP") protocol.Add(new XElement(outlook + "UsePOPAuth", "on"), new XElement(outlook + "SMTPLast", "off"));
            return protocol;
        }
    }

    /// <summary>600 is a request that is none, 601 a schema that is not spoken here, 500 a domain that is not ours.</summary>
    public static XDocument Error(int code, string message, DateTimeOffset now)
    {
        XNamespace response = ResponseNamespace;
        return new XDocument(
            new XDeclaration("1.0", "utf-8", null),
            new XElement(
                response + "Autodiscover",
                new XElement(
                    response + "Response",
                    new XElement(
                        response + "Error",
                        new XAttribute("Time", now.ToString("HH:mm:ss.fffffff", CultureInfo.InvariantCulture)),
                        new XAttribute("Id", "0"),
                        new XElement(response + "ErrorCode", code.ToString(CultureInfo.InvariantCulture)),
                        new XElement(response + "Message", message),
                        new XElement(response + "DebugData")))));
    }

    /// <summary>The answer of version 2: where the XML is, or that there is no such protocol.</summary>
    /// <param name="protocol">As asked for.</param>
    public static (bool Found, byte[] Json) Json(string? protocol, string site)
    {
        using var json = new MemoryStream();
        using var writer = new Utf8JsonWriter(json);
        var found = string.Equals(protocol, "AutodiscoverV1", StringComparison.OrdinalIgnoreCase);
        writer.WriteStartObject();
        if (found)
        {
            writer.WriteString("Protocol", "AutodiscoverV1");
            writer.WriteString("Url", $"https://{site}/autodiscover/autodiscover.xml");
        }
        else
        {
            writer.WriteString("ErrorCode", "InvalidProtocol");
            writer.WriteString("ErrorMessage", "The given protocol value is invalid. Supported values are 'AutodiscoverV1'.");
        }
        writer.WriteEndObject();
        writer.Flush();
        return (found, json.ToArray());
    }

    private static async Task<string> TextAsync(XmlReader reader)
    {
        if (reader.IsEmptyElement) return "";
        await reader.ReadAsync();
        return reader.NodeType is XmlNodeType.Text or XmlNodeType.CDATA ? reader.Value.Trim() : "";
    }
}
