namespace Merpati.Mail;

/// <summary>What the next hop can carry (RFC 2045 §2.7 to §2.9).</summary>
public enum TransferDomain
{
    /// <summary>Lines of ASCII: plain SMTP.</summary>
    SevenBit,

    /// <summary>Lines of any octets but NUL: 8BITMIME, and the mailboxes of IMAP and POP3.</summary>
    EightBit,
}

/// <summary>Why a message cannot be converted without harm.</summary>
public enum ConversionObstacle
{
    /// <summary>What would change is signed (RFC 1847 §2.1).</summary>
    Signed,

    /// <summary>A header has octets over 127: only a hop with SMTPUTF8 can take that.</summary>
    Header,

    /// <summary>A part that must not be encoded, or that says nothing we understand about its encoding (RFC 2046 §5.2).</summary>
    Part,
}

/// <summary>Whether and how a message can be brought to a <see cref="TransferDomain"/>; <see cref="MessageConversion"/> finds out.</summary>
public abstract record Conversion
{
    private Conversion() { }

    /// <summary>It fits as it is.</summary>
    public sealed record Unneeded : Conversion;

    /// <summary>Some parts get another transfer encoding; every other octet stays.</summary>
    public sealed record Possible : Conversion
    {
        internal Possible(IReadOnlyList<Segment> segments) => Segments = segments;

        internal IReadOnlyList<Segment> Segments { get; }

        /// <summary>The converted message, to be read once; any number of times in all.</summary>
        /// <param name="content">The same octets that the conversion was planned for, from the first one on; disposed with the stream.</param>
        public Stream Read(Stream content) => new ConvertedStream(content, Segments);
    }

    /// <summary>The message has to go back to its sender.</summary>
    public sealed record Impossible(ConversionObstacle Obstacle) : Conversion
    {
        /// <summary>5.6.3, conversion required but not supported; 5.6.7 for headers (RFC 6531 §4.2).</summary>
        public string EnhancedCode => Obstacle == ConversionObstacle.Header ? "5.6.7" : "5.6.3";

        /// <summary>For the report to the sender.</summary>
        public string Explanation => Obstacle switch
        {
            ConversionObstacle.Signed => "The message must be converted for the next server, which would break its signature",
            ConversionObstacle.Header => "The message has a header that is not ASCII, and the next server does not take it",
            _ => "The message must be converted for the next server, and has a part that cannot be",
        };
    }
}

/// <summary>What becomes of the next octets of the content.</summary>
/// <param name="Length">Octets of the content.</param>
internal readonly record struct Segment(SegmentKind Kind, long Length, ReadOnlyMemory<byte> Text = default);

internal enum SegmentKind
{
    Copy,
    Skip,

    /// <summary>The text, and nothing of the content.</summary>
    Insert,

    /// <summary>Every line break becomes CRLF, a NUL a question mark.</summary>
    Lines,

    /// <summary>The same, and octets over 127 become question marks too: for what no reader shows.</summary>
    AsciiLines,

    /// <summary>The same, but such octets become <c>=XX</c>: they are in quoted-printable and should not.</summary>
    EscapedLines,
    Base64,
    QuotedPrintable,
}
