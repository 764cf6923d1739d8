using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace Merpati.UserDirectory.ClientSettings;

internal static class XmlOctets
{
    // Without a byte order mark: some parsers of clients stumble over it.
    private static readonly XmlWriterSettings Format = new() { Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), Indent = true };

    /// <summary>The document as clients are sent it: UTF-8.</summary>
    public static byte[] ToOctets(this XDocument document)
    {
        using var octets = new MemoryStream();
        using (var writer = XmlWriter.Create(octets, Format)) document.Save(writer);
        return octets.ToArray();
    }
}
