using System.Globalization;
using System.Net;
using System.Xml;

namespace Merpati.Mail.Auth;

/// <summary>Reads reports of others, as RFC 7489 and RFC 9990 have them and as they are found: whatever is missing is empty, whatever is unknown is passed over, and nothing grows without end.</summary>
public static class DmarcReportReader
{
    private const int MaxRows = 5000;
    private const int MaxSignatures = 100;
    private const int MaxText = 300;
    private const int MaxDepth = 20;

    // No document type and with that no entities; nothing is ever fetched.
    private static readonly XmlReaderSettings Settings = new() { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, IgnoreComments = true, IgnoreProcessingInstructions = true, CloseInput = false };

    /// <param name="xml">Its length is bounded by the caller.</param>
    /// <exception cref="InvalidDataException">It is no report; the message says why.</exception>
    public static DmarcReport Read(Stream xml)
    {
        try
        {
            using var reader = XmlReader.Create(xml, Settings);
            reader.MoveToContent();
            if (reader.LocalName != "feedback") throw new InvalidDataException("it is no DMARC report");
            return Feedback(reader);
        }
        catch (XmlException fault) { throw new InvalidDataException($"its XML is wrong: {fault.Message}", fault); }
    }

    private static DmarcReport Feedback(XmlReader reader)
    {
        Node? metadata = null, policy = null;
        var rows = new List<DmarcRow>();
        foreach (var child in Children(reader))
        {
            switch (child.Name)
            {
                case "report_metadata": metadata ??= child; break;
                case "policy_published": policy ??= child; break;
                case "record" when rows.Count < MaxRows: rows.Add(Row(child)); break;
                case "record": throw new InvalidDataException($"it has more than {MaxRows} rows");
            }
        }
        if (metadata is null || policy is null || policy["domain"].Length == 0) throw new InvalidDataException("it does not say what it is about");
        var range = metadata.Child("date_range");
        return new DmarcReport(metadata["org_name"], metadata["email"], metadata["extra_contact_info"], metadata["report_id"], Time(range?["begin"]), Time(range?["end"]), [], Policy(policy), rows);
    }

    private static PublishedPolicy Policy(Node policy) => new(
        policy["domain"].ToLowerInvariant(), policy["p"], policy["sp"] is { Length: > 0 } subdomains ? subdomains : null, policy["np"] is { Length: > 0 } missing ? missing : null,
        policy["adkim"] == "s", policy["aspf"] == "s", policy["testing"] == "y")
    {
        Discovery = policy["discovery_method"] == DmarcReportWriter.TreeWalk ? DmarcDiscovery.TreeWalk : DmarcDiscovery.PublicSuffixList,
    };

    private static DmarcRow Row(Node record)
    {
        var row = record.Child("row") ?? throw new InvalidDataException("a record has no row");
        var evaluated = row.Child("policy_evaluated");
        var identifiers = record.Child("identifiers") ?? record.Child("identities");
        var results = record.Child("auth_results");
        if (!IPAddress.TryParse(row["source_ip"], out var source)) throw new InvalidDataException("a row has no source");
        return new DmarcRow(
            source.ToString(),
            long.TryParse(row["count"], NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? Math.Min(count, 1_000_000_000_000) : throw new InvalidDataException("a row has no count"),
            evaluated?["disposition"] ?? "",
            evaluated?["dkim"] == "pass",
            evaluated?["spf"] == "pass",
            [.. evaluated?.All("reason").Select(reason => new ReportedOverride(reason["type"], reason["comment"] is { Length: > 0 } comment ? comment : null)) ?? []],
            identifiers?["header_from"].ToLowerInvariant() ?? "",
            identifiers?["envelope_from"].ToLowerInvariant() ?? "",
            [.. results?.All("dkim").Select(dkim => new ReportedSignature(dkim["domain"], dkim["selector"], dkim["result"])) ?? []],
            results?.Child("spf") is { } spf ? new ReportedSpf(spf["domain"], spf["result"]) : null);
    }

    private static DateTimeOffset Time(string? seconds)
        => long.TryParse(seconds, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < 253402300800 ? DateTimeOffset.FromUnixTimeSeconds(number) : throw new InvalidDataException("it does not say which time it is about");

    private static IEnumerable<Node> Children(XmlReader reader)
    {
        if (reader.IsEmptyElement) yield break;
        reader.Read();
        while (reader.NodeType != XmlNodeType.EndElement)
        {
            if (reader.EOF) yield break;
            if (reader.NodeType == XmlNodeType.Element) yield return Node.Read(reader, depth: 1);
            else reader.Read();
        }
    }

    /// <summary>One element with what is in it, cut to what a report can need.</summary>
    private sealed class Node(string name)
    {
        private readonly List<Node> _children = [];
        private string _text = "";

        public string Name { get; } = name;

        /// <summary>The text of a child; empty without one.</summary>
        public string this[string child] => Child(child)?._text ?? "";

        public Node? Child(string child) => _children.Find(one => one.Name == child);

        public IEnumerable<Node> All(string child) => _children.Where(one => one.Name == child);

        /// <summary>Leaves the reader behind the end of the element.</summary>
        public static Node Read(XmlReader reader, int depth)
        {
            if (depth > MaxDepth) throw new InvalidDataException("it is nested too deep");
            var node = new Node(reader.LocalName);
            var empty = reader.IsEmptyElement;
            reader.Read();
            if (empty) return node;
            while (reader.NodeType != XmlNodeType.EndElement)
            {
                switch (reader.NodeType)
                {
                    case XmlNodeType.Element:
                        var child = Read(reader, depth + 1);
                        if (node._children.Count < MaxSignatures) node._children.Add(child);
                        break;
                    case XmlNodeType.Text or XmlNodeType.CDATA:
                        if (node._text.Length < MaxText) node._text = Short(node._text + reader.Value.Trim());
                        reader.Read();
                        break;
                    default:
                        if (!reader.Read()) throw new InvalidDataException("it ends too early");
                        break;
                }
            }
            reader.Read();
            node._text = string.Concat(node._text.Where(letter => !char.IsControl(letter)));
            return node;
        }

        private static string Short(string text) => text.Length <= MaxText ? text : text[..MaxText];
    }
}
