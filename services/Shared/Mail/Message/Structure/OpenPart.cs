using Merpati.Mailboxes;

namespace Merpati.Mail;

/// <summary>A part whose end is not known yet; the open parts are a stack from the innermost to the message.</summary>
internal sealed class OpenPart(OpenPart? parent, long headerOffset)
{
    private List<BodyPart>? _children;

    public OpenPart? Parent { get; } = parent;

    public int Depth { get; } = parent is null ? 0 : parent.Depth + 1;

    public long HeaderOffset { get; } = headerOffset;

    public long BodyOffset { get; set; } = headerOffset;

    /// <summary>Line breaks of the message before the body.</summary>
    public long LinesBefore { get; set; }

    /// <summary>As the header describes it; set when the header ends.</summary>
    public BodyPart Description { get; set; } = PartHeader.PlainText;

    /// <summary>True for the message itself and for the child of a message/rfc822: its header makes an envelope.</summary>
    public bool IsMessageRoot => Parent is null || Parent.HoldsMessage;

    /// <summary>A message/rfc822 that is looked into.</summary>
    public bool HoldsMessage { get; set; }

    /// <summary>The envelope of the message inside.</summary>
    public MessageEnvelope? Envelope { get; set; }

    /// <summary>Octets of the boundary of a multipart whose end has not been seen; null for all else.</summary>
    public byte[]? Boundary { get; set; }

    /// <summary>The rest of this multipart is one part: its own boundary counts no more, but its end does.</summary>
    public bool IsFull { get; set; }

    public bool InDigest => Parent is { HoldsMessage: false, Description: { IsMultipart: true, Subtype: "digest" } };

    /// <summary>True inside an attached message.</summary>
    public bool InAttachedMessage
    {
        get
        {
            for (var part = this; part is not null; part = part.Parent)
            {
                if (part.HoldsMessage) return true;
            }
            return false;
        }
    }

    /// <summary>
    /// Its header is the same to every client: a change would break the signature around it (RFC 1847 §2.1), or it is within a message/global, which is one file to who knows no UTF-8 in headers.
    /// </summary>
    public bool HasFixedHeader
    {
        get
        {
            for (var part = Parent; part is not null; part = part.Parent)
            {
                if (part.Description is { IsMultipart: true, Subtype: "signed" } or { Type: "message", Subtype: "global" }) return true;
            }
            return false;
        }
    }

    /// <param name="end">Where the body ends if nothing of the part reaches further.</param>
    /// <param name="lines">Line breaks of the message before that.</param>
    public BodyPart Close(long end, long lines)
    {
        // A boundary right after a header leaves no line break to the body.
        if (end < BodyOffset) (end, lines) = (BodyOffset, LinesBefore);
        if (_children is [.., var last] && last.BodyOffset + last.BodyLength > end)
        {
            end = last.BodyOffset + last.BodyLength;
            lines++;
        }
        var part = Description with { HeaderOffset = HeaderOffset, BodyOffset = BodyOffset, BodyLength = end - BodyOffset, Lines = lines - LinesBefore, Envelope = Envelope };
        // A multipart without parts shows its body as one: BODYSTRUCTURE has no empty multipart (RFC 3501 §9 body-type-mpart).
        if (part.IsMultipart && _children is null)
            _children = [PartHeader.PlainText with { HeaderOffset = BodyOffset, BodyOffset = BodyOffset, BodyLength = part.BodyLength, Lines = part.Lines }];
        if (_children is not null) part = part with { Children = _children };
        return part;
    }

    public void Add(BodyPart child) => (_children ??= []).Add(child);
}
