using Merpati.Mailboxes;

namespace Merpati.Mail;

/// <summary>A part while its message is looked through.</summary>
internal sealed class PartScan(BodyPart part, PartScan? parent)
{
    public BodyPart Part => part;

    /// <summary>A header with an envelope: of the message itself, or of an attached one.</summary>
    public bool IsMessageRoot => parent is null || parent.Part.IsMessage;

    /// <summary>The part is within a multipart/signed: nothing of it may change, its header neither.</summary>
    public bool IsSigned { get; } = parent is not null && (parent.IsSigned || parent.Part is { Type: "multipart", Subtype: "signed" });

    public HeaderScan Header { get; } = new(part.HeaderOffset);

    public LineStatistics HeaderLines { get; } = new();

    public LineStatistics BodyLines { get; } = new();
}

/// <summary>A stretch of a message: a header, the body of a leaf, or what is between parts.</summary>
/// <param name="Part">Whose it is; of what is between parts the multipart.</param>
internal sealed record Region(RegionKind Kind, PartScan Part, long Start, long End)
{
    /// <summary>Of what is between parts; headers and bodies have theirs in the part.</summary>
    public LineStatistics Lines { get; } = Kind switch { RegionKind.Header => Part.HeaderLines, RegionKind.Body => Part.BodyLines, _ => new LineStatistics() };

    /// <summary>All regions of a message in order; together they are the whole of it.</summary>
    public static IReadOnlyList<Region> Of(BodyPart root)
    {
        var regions = new List<Region>();
        Add(new PartScan(root, null), regions);
        return regions;
    }

    private static void Add(PartScan scan, List<Region> regions)
    {
        var part = scan.Part;
        regions.Add(new Region(RegionKind.Header, scan, part.HeaderOffset, part.BodyOffset));
        var end = part.BodyOffset + part.BodyLength;
        if (part.Children.Count == 0)
        {
            regions.Add(new Region(RegionKind.Body, scan, part.BodyOffset, end));
            return;
        }
        // A multipart without parts shows its body as one, which has no header of its own.
        var isBroken = part is { IsMultipart: true, Children: [{ HeaderLength: 0 } only] } && only.HeaderOffset == part.BodyOffset;
        var position = part.BodyOffset;
        foreach (var child in isBroken ? [] : part.Children)
        {
            if (child.HeaderOffset > position) regions.Add(new Region(RegionKind.Between, scan, position, child.HeaderOffset));
            Add(new PartScan(child, scan), regions);
            position = child.BodyOffset + child.BodyLength;
        }
        if (end > position) regions.Add(new Region(isBroken ? RegionKind.Body : RegionKind.Between, scan, position, end));
    }
}

internal enum RegionKind
{
    Header,
    Body,
    Between,
}
