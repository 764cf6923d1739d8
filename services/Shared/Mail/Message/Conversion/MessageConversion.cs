using System.Buffers;
using System.Text;

namespace Merpati.Mail;

/// <summary>
/// Brings a message to what a next hop or a mailbox can carry (RFC 6152 §3, RFC 3030 §3): the parts that do not fit get another
/// Content-Transfer-Encoding, every other octet stays. Three passes over the content, none of which holds it: structure, needs, and the reading of the result.
/// </summary>
public static class MessageConversion
{
    private const int BufferSize = 64 * 1024;
    private const int MaxLine = 998; // RFC 5322 §2.1.1

    /// <summary>Finds out what has to change.</summary>
    /// <param name="open">Opens the content at its first octet; called twice, and the streams are disposed.</param>
    public static async ValueTask<Conversion> PlanAsync(Func<CancellationToken, ValueTask<Stream>> open, TransferDomain domain, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(open);
        IReadOnlyList<Region> regions;
        var first = await open(cancellationToken).ConfigureAwait(false);
        await using (first.ConfigureAwait(false))
        {
            regions = Region.Of((await MessageStructureBuilder.BuildAsync(first, cancellationToken).ConfigureAwait(false)).Root);
        }
        var second = await open(cancellationToken).ConfigureAwait(false);
        await using (second.ConfigureAwait(false))
        {
            await ScanAsync(second, regions, cancellationToken).ConfigureAwait(false);
        }
        return Plan(regions, domain);
    }

    private static async ValueTask ScanAsync(Stream content, IReadOnlyList<Region> regions, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            foreach (var region in regions)
            {
                for (var left = region.End - region.Start; left > 0;)
                {
                    var read = await content.ReadAsync(buffer.AsMemory(0, (int)Math.Min(left, BufferSize)), cancellationToken).ConfigureAwait(false);
                    if (read == 0) throw new EndOfStreamException("The content is shorter than it was.");
                    left -= read;
                    region.Lines.Watch(buffer.AsSpan(0, read));
                    if (region.Kind == RegionKind.Header) region.Part.Header.Watch(buffer.AsSpan(0, read));
                }
                region.Lines.Complete();
                if (region.Kind == RegionKind.Header) region.Part.Header.Complete();
            }
        }
        finally { ArrayPool<byte>.Shared.Return(buffer); }
    }

    private static Conversion Plan(IReadOnlyList<Region> regions, TransferDomain domain)
    {
        var segments = new List<Segment>();
        foreach (var region in regions)
        {
            var obstacle = region.Kind switch
            {
                RegionKind.Header => PlanHeader(region, domain, segments),
                RegionKind.Body => PlanBody(region, domain, segments),
                _ => PlanBetween(region, domain, segments),
            };
            if (obstacle is { } reason) return new Conversion.Impossible(reason);
        }
        return segments.TrueForAll(segment => segment.Kind == SegmentKind.Copy) ? new Conversion.Unneeded() : new Conversion.Possible(segments);
    }

    private static ConversionObstacle? PlanHeader(Region region, TransferDomain domain, List<Segment> segments)
    {
        var part = region.Part;
        if (domain == TransferDomain.SevenBit && part.HeaderLines.EightBit > 0) return ConversionObstacle.Header;
        if (part.IsSigned && part.HeaderLines.IsBinary) return ConversionObstacle.Signed;
        var plain = part.HeaderLines.IsBinary ? SegmentKind.Lines : SegmentKind.Copy;
        var encoding = NewEncoding(part, domain);
        if (encoding is null || part.IsSigned)
        {
            Add(segments, plain, region.End - region.Start);
            return null;
        }
        var field = $"Content-Transfer-Encoding: {encoding}\r\n";
        var position = region.Start;
        foreach (var (start, end) in part.Header.Encodings)
        {
            Add(segments, plain, start - position);
            Add(segments, SegmentKind.Skip, end - start);
            Insert(segments, field);
            field = "";
            position = end;
        }
        if (field.Length > 0)
        {
            Add(segments, plain, part.Header.FieldsEnd - position);
            position = part.Header.FieldsEnd;
            Insert(segments, (part.Header.EndsInLineBreak ? "" : "\r\n") + (part.IsMessageRoot && !part.Header.HasMimeVersion ? "MIME-Version: 1.0\r\n" : "") + field + (part.Header.HasEmptyLine ? "" : "\r\n"));
        }
        Add(segments, plain, region.End - position);
        return null;
    }

    private static ConversionObstacle? PlanBody(Region region, TransferDomain domain, List<Segment> segments)
    {
        var kind = BodyChange(region.Part, domain, out var obstacle);
        if (obstacle is null) Add(segments, kind, region.End - region.Start);
        return obstacle;
    }

    private static ConversionObstacle? PlanBetween(Region region, TransferDomain domain, List<Segment> segments)
    {
        var changes = region.Lines.IsBinary || (domain == TransferDomain.SevenBit && region.Lines.EightBit > 0);
        if (changes && (region.Part.IsSigned || region.Part.Part.Subtype == "signed")) return ConversionObstacle.Signed;
        Add(segments, !changes ? SegmentKind.Copy : domain == TransferDomain.SevenBit ? SegmentKind.AsciiLines : SegmentKind.Lines, region.End - region.Start);
        return null;
    }

    private static SegmentKind BodyChange(PartScan scan, TransferDomain domain, out ConversionObstacle? obstacle)
    {
        obstacle = null;
        var (part, lines) = (scan.Part, scan.BodyLines);
        var fits = !lines.IsBinary && (domain == TransferDomain.EightBit || lines.EightBit == 0);
        // A line that is too long is a nuisance, a broken signature is worse.
        if (fits && (lines.LongestLine <= MaxLine || scan.IsSigned)) return SegmentKind.Copy;
        if (scan.IsSigned)
        {
            obstacle = ConversionObstacle.Signed;
            return SegmentKind.Copy;
        }
        switch (part.Encoding)
        {
            case "base64":
                return SegmentKind.AsciiLines;
            case "quoted-printable":
                return lines.LongestLine > MaxLine ? Refuse(out obstacle) : SegmentKind.EscapedLines;
            case "7bit" or "8bit" or "binary" when !part.IsMultipart && part is not { Type: "message", Subtype: "partial" or "external-body" }:
                // MimeKit's measure: beyond one in six base64 is the shorter one.
                return !lines.IsBinary && part.Type is "text" or "message" && lines.EightBit * 6 <= lines.Octets ? SegmentKind.QuotedPrintable : SegmentKind.Base64;
            default:
                return Refuse(out obstacle);
        }

        static SegmentKind Refuse(out ConversionObstacle? obstacle)
        {
            obstacle = ConversionObstacle.Part;
            return SegmentKind.Copy;
        }
    }

    /// <summary>The Content-Transfer-Encoding that a part has to name from now on; null when its own is right.</summary>
    private static string? NewEncoding(PartScan scan, TransferDomain domain)
    {
        var isLeaf = scan.Part.Children.Count == 0;
        switch (isLeaf ? BodyChange(scan, domain, out _) : SegmentKind.Copy)
        {
            case SegmentKind.Base64: return "base64";
            case SegmentKind.QuotedPrintable: return "quoted-printable";
        }
        return (scan.Part.Encoding, domain) switch
        {
            ("binary" or "8bit", TransferDomain.SevenBit) => "7bit",
            ("binary", TransferDomain.EightBit) => "8bit",
            _ => null,
        };
    }

    private static void Add(List<Segment> segments, SegmentKind kind, long length)
    {
        if (length == 0) return;
        if (segments is [.., { Kind: SegmentKind.Copy } last] && kind == SegmentKind.Copy) segments[^1] = last with { Length = last.Length + length };
        else segments.Add(new Segment(kind, length));
    }

    private static void Insert(List<Segment> segments, string text)
    {
        if (text.Length > 0) segments.Add(new Segment(SegmentKind.Insert, 0, Encoding.ASCII.GetBytes(text)));
    }
}
