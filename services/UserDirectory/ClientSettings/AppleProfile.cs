using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Xml.Linq;
using Merpati.Addresses;

namespace Merpati.UserDirectory.ClientSettings;

/// <summary>A configuration profile for iPhone, iPad and Mac: one mail account, without a password. Profiles of one address have the same identifiers, so that a new one takes the place of an old one.</summary>
internal static class AppleProfile
{
    public const string MediaType = "application/x-apple-aspen-config";

    /// <summary>The profile of an address; incoming mail over IMAP, or POP3 where there is no IMAP.</summary>
    public static byte[] Of(EmailAddress address, ClientSettingsOptions options)
    {
        var imap = options.ImapsPort > 0;
        var (reading, readingPort) = imap ? (options.ImapHost, options.ImapsPort) : (options.Pop3Host, options.Pop3sPort);
        var name = options.DisplayName ?? address.Domain;
        // Identifiers are shown and may be logged by devices: they do not hold the address.
        var digest = SHA256.HashData(Encoding.UTF8.GetBytes(address.ToString().ToLowerInvariant()));
        var identifier = $"{string.Join('.', address.Domain.Split('.').Reverse())}.mail.{Convert.ToHexStringLower(digest)[..16]}";
        var account = Dictionary(
            ("EmailAccountDescription", name),
            ("EmailAccountType", imap ? "EmailTypeIMAP" : "EmailTypePOP"),
            ("EmailAddress", address.ToString()),
            ("IncomingMailServerAuthentication", "EmailAuthPassword"),
            ("IncomingMailServerHostName", reading),
            ("IncomingMailServerPortNumber", readingPort),
            ("IncomingMailServerUseSSL", true),
            ("IncomingMailServerUsername", address.ToString()),
            ("OutgoingMailServerAuthentication", "EmailAuthPassword"),
            ("OutgoingMailServerHostName", options.SubmissionHost),
            ("OutgoingMailServerPortNumber", options.SubmissionsPort),
            ("OutgoingMailServerUseSSL", true),
            ("OutgoingMailServerUsername", address.ToString()),
            ("OutgoingPasswordSameAsIncomingPassword", true),
            ("PayloadDisplayName", name),
            ("PayloadIdentifier", identifier + ".account"),
            ("PayloadType", "com.apple.mail.managed"),
            ("PayloadUUID", new Guid(digest.AsSpan(16, 16)).ToString()),
            ("PayloadVersion", 1));
        var profile = Dictionary(
            ("PayloadContent", new XElement("array", account)),
            ("PayloadDescription", $"Sets up {address} on this device."),
            ("PayloadDisplayName", name),
            ("PayloadIdentifier", identifier),
            ("PayloadOrganization", name),
            ("PayloadRemovalDisallowed", false),
            ("PayloadType", "Configuration"),
            ("PayloadUUID", new Guid(digest.AsSpan(0, 16)).ToString()),
            ("PayloadVersion", 1));
        var document = new XDocument(
            new XDeclaration("1.0", "utf-8", null),
            new XDocumentType("plist", "-//Apple//DTD PLIST 1.0//EN", "http://www.apple.com/DTDs/PropertyList-1.0.dtd", null),
            new XElement("plist", new XAttribute("version", "1.0"), profile));
        return document.ToOctets();
    }

    /// <summary>Signed by the certificate of the site, so that a device shows whose profile it is.</summary>
    public static byte[] Sign(byte[] profile, X509Certificate2 leaf, X509Certificate2Collection chain)
    {
        var message = new SignedCms(new ContentInfo(profile));
        var signer = new CmsSigner(SubjectIdentifierType.IssuerAndSerialNumber, leaf) { IncludeOption = X509IncludeOption.None };
        signer.SignedAttributes.Add(new Pkcs9SigningTime());
        // The leaf is the first of the chain.
        signer.Certificates.AddRange(chain);
        message.ComputeSignature(signer);
        return message.Encode();
    }

    private static XElement Dictionary(params IEnumerable<(string Key, object Value)> entries)
    {
        var dictionary = new XElement("dict");
        foreach (var (key, value) in entries)
        {
            dictionary.Add(new XElement("key", key), value switch
            {
                XElement element => element,
                bool yes => new XElement(yes ? "true" : "false"),
                int number => new XElement("integer", number.ToString(CultureInfo.InvariantCulture)),
                _ => new XElement("string", (string)value),
            });
        }
        return dictionary;
    }
}
