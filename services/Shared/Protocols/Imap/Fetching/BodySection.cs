using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap;

/// <summary>What of a part is asked for (RFC 3501 §6.4.5 section-text).</summary>
internal enum SectionText
{
    /// <summary>All of it.</summary>
    Whole = 0,
    Header,
    HeaderFields,
    HeaderFieldsNot,
    Text,
    Mime,
}

/// <summary>Octets of a message, counted from its first: trace prefix, then content.</summary>
internal readonly record struct OctetRange(long Offset, long Length);

/// <summary>The part of a message between the brackets of BODY[…] (RFC 3501 §6.4.5).</summary>
/// <param name="Path">Part numbers; empty is the message.</param>
/// <param name="Fields">Of HEADER.FIELDS and HEADER.FIELDS.NOT.</param>
internal sealed record BodySection(IReadOnlyList<uint> Path, SectionText Text, IReadOnlyList<string> Fields)
{
    public static BodySection Message { get; } = new([], SectionText.Whole, []);

    /// <summary>Where it stands; of HEADER.FIELDS the whole header. Null when the message has no such part.</summary>
    public OctetRange? Locate(MessageInfo message)
    {
        var prefix = message.TracePrefix.Length;
        if (Path.Count == 0)
        {
            var headerLength = prefix + message.Structure.Root.BodyOffset;
            return Text switch
            {
                SectionText.Whole => new OctetRange(0, message.Size),
                SectionText.Text => new OctetRange(headerLength, message.Size - headerLength),
                SectionText.Mime => null,
                _ => new OctetRange(0, headerLength),
            };
        }
        if (Find(message.Structure.Root) is not { } part) return null;
        var isRoot = ReferenceEquals(part, message.Structure.Root);
        switch (Text)
        {
            case SectionText.Whole:
                return new OctetRange(prefix + part.BodyOffset, part.BodyLength);
            case SectionText.Mime:
                return isRoot ? new OctetRange(0, prefix + part.BodyOffset) : new OctetRange(prefix + part.HeaderOffset, part.HeaderLength);
            default:
                // HEADER and TEXT of a part are those of the message it encloses.
                if (!part.IsMessage || part.Children.Count == 0) return null;
                var enclosed = part.Children[0];
                return Text == SectionText.Text
                    ? new OctetRange(prefix + enclosed.BodyOffset, enclosed.BodyLength)
                    : new OctetRange(prefix + enclosed.HeaderOffset, enclosed.HeaderLength);
        }
    }

    /// <summary>
    /// Every message has a part 1: the first part of a multipart, or its only body. A message/rfc822 passes its numbers on to
    /// the message it encloses.
    /// </summary>
    public BodyPart? Find(BodyPart root)
    {
        var message = root;
        BodyPart? part = null;
        foreach (var number in Path)
        {
            if (part is not null)
            {
                if (part.IsMultipart) message = part;
                else if (part.IsMessage && part.Children.Count > 0) message = part.Children[0];
                else return null;
            }
            if (message.IsMultipart) part = number <= message.Children.Count ? message.Children[(int)number - 1] : null;
            else part = number == 1 ? message : null;
            if (part is null) return null;
        }
        return part;
    }
}
