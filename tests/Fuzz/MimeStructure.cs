using Merpati.Mail;
using Merpati.Mailboxes;

namespace Merpati.Fuzz;

/// <summary>Any octets are a message: a structure comes of them, its parts inside each other, and the same one in any pieces.</summary>
internal static class MimeStructure
{
    public static void Run(ReadOnlySpan<byte> octets)
    {
        var whole = Build(octets, int.MaxValue);
        Check(whole.Root, 0, octets.Length);
        var pieces = Build(octets, 7);
        if (whole.Root.Children.Count != pieces.Root.Children.Count || whole.Root.BodyOffset != pieces.Root.BodyOffset || whole.Preview != pieces.Preview)
            throw new InvalidOperationException("The structure depends on how the octets came.");
    }

    private static MessageStructure Build(ReadOnlySpan<byte> octets, int most)
    {
        using var builder = new MessageStructureBuilder();
        while (!octets.IsEmpty)
        {
            var room = builder.GetMemory().Span;
            var count = Math.Min(Math.Min(room.Length, octets.Length), most);
            octets[..count].CopyTo(room);
            builder.Advance(count);
            octets = octets[count..];
        }
        return builder.Complete();
    }

    private static void Check(BodyPart part, long from, long to)
    {
        var end = part.BodyOffset + part.BodyLength;
        if (part.HeaderOffset < from || part.BodyOffset < part.HeaderOffset || part.BodyLength < 0 || end > to)
            throw new InvalidOperationException($"{part.Type}/{part.Subtype} lies outside its parent.");
        var at = part.BodyOffset;
        foreach (var child in part.Children)
        {
            Check(child, at, end);
            at = child.BodyOffset + child.BodyLength;
        }
    }
}
