using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Xml;

namespace Merpati.Mail.Auth;

/// <summary>Writes a report as the XML of RFC 9990, in an order of elements that readers of RFC 7489 take as well.</summary>
public static class DmarcReportWriter
{
    private const string Namespace = "urn:ietf:params:xml:ns:dmarc-2.0";
    private const int MaxText = 300;
    internal const string TreeWalk = "treewalk";

    private static readonly XmlWriterSettings Format = new() { Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), Indent = true, NewLineChars = "\n" };

    /// <summary>As it is sent: application/gzip.</summary>
    /// <param name="generator">The name and version of the program that made it.</param>
    public static byte[] ToGzip(DmarcReport report, string generator)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize, leaveOpen: true)) Write(report, generator, gzip);
        return packed.ToArray();
    }

    public static void Write(DmarcReport report, string generator, Stream destination)
    {
        using var xml = XmlWriter.Create(destination, Format);
        xml.WriteStartDocument();
        xml.WriteStartElement("feedback", Namespace);
        Text(xml, "version", "1.0");
        xml.WriteStartElement("report_metadata", Namespace);
        Text(xml, "org_name", report.Organization);
        Text(xml, "email", report.Contact);
        if (report.ExtraContact is { Length: > 0 } extra) Text(xml, "extra_contact_info", extra);
        Text(xml, "report_id", report.Id);
        xml.WriteStartElement("date_range", Namespace);
        Text(xml, "begin", Seconds(report.Begin));
        Text(xml, "end", Seconds(report.End));
        xml.WriteEndElement();
        if (report.Errors.Count > 0) Text(xml, "error", string.Join("; ", report.Errors));
        Text(xml, "generator", generator);
        xml.WriteEndElement();
        Write(xml, report.Policy);
        foreach (var row in report.Rows) Write(xml, row);
        xml.WriteEndElement();
        xml.WriteEndDocument();
    }

    private static void Write(XmlWriter xml, PublishedPolicy policy)
    {
        xml.WriteStartElement("policy_published", Namespace);
        Text(xml, "domain", policy.Domain);
        Text(xml, "discovery_method", policy.Discovery == DmarcDiscovery.TreeWalk ? TreeWalk : "psl");
        Text(xml, "p", policy.Policy);
        if (policy.Subdomains is { } subdomains) Text(xml, "sp", subdomains);
        if (policy.Missing is { } missing) Text(xml, "np", missing);
        Text(xml, "adkim", policy.StrictDkim ? "s" : "r");
        Text(xml, "aspf", policy.StrictSpf ? "s" : "r");
        Text(xml, "testing", policy.Testing ? "y" : "n");
        xml.WriteEndElement();
    }

    private static void Write(XmlWriter xml, DmarcRow row)
    {
        xml.WriteStartElement("record", Namespace);
        xml.WriteStartElement("row", Namespace);
        Text(xml, "source_ip", row.Source);
        Text(xml, "count", row.Count.ToString(CultureInfo.InvariantCulture));
        xml.WriteStartElement("policy_evaluated", Namespace);
        Text(xml, "disposition", row.Disposition);
        Text(xml, "dkim", row.DkimAligned ? "pass" : "fail");
        Text(xml, "spf", row.SpfAligned ? "pass" : "fail");
        foreach (var reason in row.Overrides)
        {
            xml.WriteStartElement("reason", Namespace);
            Text(xml, "type", reason.Type);
            if (reason.Comment is { } comment) Text(xml, "comment", comment);
            xml.WriteEndElement();
        }
        xml.WriteEndElement();
        xml.WriteEndElement();
        xml.WriteStartElement("identifiers", Namespace);
        Text(xml, "header_from", row.HeaderFrom);
        Text(xml, "envelope_from", row.EnvelopeFrom);
        xml.WriteEndElement();
        xml.WriteStartElement("auth_results", Namespace);
        foreach (var signature in row.Signatures)
        {
            xml.WriteStartElement("dkim", Namespace);
            Text(xml, "domain", signature.Domain);
            Text(xml, "selector", signature.Selector);
            Text(xml, "result", signature.Result);
            xml.WriteEndElement();
        }
        if (row.Spf is { } spf)
        {
            xml.WriteStartElement("spf", Namespace);
            Text(xml, "domain", spf.Domain);
            Text(xml, "scope", "mfrom");
            Text(xml, "result", spf.Result);
            xml.WriteEndElement();
        }
        xml.WriteEndElement();
        xml.WriteEndElement();
    }

    /// <summary>Names that strangers chose: what XML cannot hold is left out.</summary>
    private static void Text(XmlWriter xml, string name, string text)
    {
        xml.WriteStartElement(name, Namespace);
        xml.WriteString(string.Concat(text.EnumerateRunes().Where(rune => rune.Value is >= 0x20 and not (0xfffe or 0xffff or (>= 0x7f and < 0xa0))).Take(MaxText)));
        xml.WriteEndElement();
    }

    private static string Seconds(DateTimeOffset time) => time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
}
