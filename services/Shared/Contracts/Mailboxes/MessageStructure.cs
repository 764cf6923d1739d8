using Merpati.Addresses;

namespace Merpati.Mailboxes;

/// <summary>
/// What FETCH and SEARCH need of a message, computed once when it arrives (RFC 3501 §7.4.2).
/// All offsets are octets from the first octet of the content as received; the trace headers that delivery puts in front
/// (<see cref="MessageInfo.TracePrefix"/>) are not counted, so that one structure serves every recipient.
/// Header texts are as they stand in the header: unfolded, encoded words not decoded; octets over 127 read as UTF-8 if valid, else as Latin-1.
/// </summary>
public sealed record MessageStructure
{
    /// <summary>ENVELOPE.</summary>
    public required MessageEnvelope Envelope { get; init; }

    /// <summary>The tree that BODYSTRUCTURE shows and section numbers walk.</summary>
    public required BodyPart Root { get; init; }

    /// <summary>The first words of the readable text, decoded, one line, up to 200 characters (RFC 8970).</summary>
    public string Preview { get; init; } = "";

    /// <summary>Message-IDs of In-Reply-To and References, oldest first; they decide the thread.</summary>
    public IReadOnlyList<string> References { get; init; } = [];

    /// <summary>How many of <see cref="References"/>, at their end, stand in In-Reply-To alone.</summary>
    public int RepliesOnly { get; init; }

    /// <summary>The Date header in UTC with its offset; null when it is missing or unreadable. For SENTBEFORE, SENTON, SENTSINCE.</summary>
    public DateTimeOffset? SentDate { get; init; }

    /// <summary>
    /// Header fields in UTF-8, in the order of their offsets, as clients see them that know none there (<see cref="DowngradedMessage"/>). Messages stored before there was this have none, and are shown as they are.
    /// </summary>
    public IReadOnlyList<HeaderRewrite> Downgrades { get; init; } = [];
}

/// <summary>ENVELOPE of RFC 3501 §7.4.2. A null is NIL; From stands in for a missing Sender or Reply-To.</summary>
public sealed record MessageEnvelope
{
    public string? Date { get; init; }

    public string? Subject { get; init; }

    public IReadOnlyList<EnvelopeAddress> From { get; init; } = [];

    public IReadOnlyList<EnvelopeAddress> Sender { get; init; } = [];

    public IReadOnlyList<EnvelopeAddress> ReplyTo { get; init; } = [];

    public IReadOnlyList<EnvelopeAddress> To { get; init; } = [];

    public IReadOnlyList<EnvelopeAddress> Cc { get; init; } = [];

    public IReadOnlyList<EnvelopeAddress> Bcc { get; init; } = [];

    public string? InReplyTo { get; init; }

    public string? MessageId { get; init; }
}

/// <summary>
/// One address of an ENVELOPE. A group is a start (Host null, Mailbox the group's name), its members, and an end (both null).
/// </summary>
public sealed record EnvelopeAddress(string? Name, string? Route, string? Mailbox, string? Host)
{
    /// <summary>
    /// For clients that know ASCII alone (RFC 6858 §2.1): an address that has no ASCII form stands in the display name, beside one that nobody can have. A domain has such a form in its A-labels.
    /// </summary>
    public EnvelopeAddress InAscii()
    {
        if (IsAscii(Name) && IsAscii(Route) && IsAscii(Mailbox) && IsAscii(Host)) return this;
        if (Host is null) return new EnvelopeAddress(Name, null, Mailbox is null ? null : EncodedWords.EncodeName(Mailbox), null);
        if (IsAscii(Mailbox) && DomainName.ToAscii(Host) is { } host)
            return new EnvelopeAddress(Name is null ? null : EncodedWords.EncodeName(Name), IsAscii(Route) ? Route : null, Mailbox, host);
        var address = $"{Mailbox}@{Host}";
        return new EnvelopeAddress(EncodedWords.EncodeName(string.IsNullOrEmpty(Name) ? address : $"{Name} <{address}>"), null, "invalid", "internationalized-address.invalid");
    }

    private static bool IsAscii(string? text) => text is null || System.Text.Ascii.IsValid(text);
}

/// <summary>A header parameter, RFC 2231 continuations joined and percent-decoded.</summary>
public sealed record BodyParameter(string Name, string Value);

/// <summary>
/// One MIME part. A leaf has no children; a multipart has its parts; a message/rfc822 or message/global has exactly one child,
/// the enclosed message's own body, and the envelope of the enclosed message.
/// </summary>
public sealed record BodyPart
{
    /// <summary>Media type in lower case, <c>text</c>.</summary>
    public required string Type { get; init; }

    /// <summary>Media subtype in lower case, <c>plain</c>.</summary>
    public required string Subtype { get; init; }

    public IReadOnlyList<BodyParameter> Parameters { get; init; } = [];

    /// <summary>Content-ID with its angle brackets.</summary>
    public string? Id { get; init; }

    public string? Description { get; init; }

    /// <summary>Content-Transfer-Encoding in lower case; 7bit where the header is missing.</summary>
    public string Encoding { get; init; } = "7bit";

    public string? Md5 { get; init; }

    public string? Disposition { get; init; }

    public IReadOnlyList<BodyParameter> DispositionParameters { get; init; } = [];

    public IReadOnlyList<string> Languages { get; init; } = [];

    public string? Location { get; init; }

    /// <summary>First octet of this part's MIME header; of a message for the root and for the child of message/rfc822.</summary>
    public long HeaderOffset { get; init; }

    /// <summary>First octet of the body: after the empty line that ends the header.</summary>
    public long BodyOffset { get; init; }

    /// <summary>Octets of the body in its transfer encoding; the line break before the next boundary does not belong to it.</summary>
    public long BodyLength { get; init; }

    /// <summary>Lines of the body; shown for text and message/rfc822.</summary>
    public long Lines { get; init; }

    /// <summary>The envelope of the enclosed message; null unless this is message/rfc822 or message/global.</summary>
    public MessageEnvelope? Envelope { get; init; }

    public IReadOnlyList<BodyPart> Children { get; init; } = [];

    public bool IsMultipart => Type == "multipart";

    public bool IsMessage => Envelope is not null;

    /// <summary>Octets of the header with the empty line that ends it.</summary>
    public long HeaderLength => BodyOffset - HeaderOffset;
}
