using System.Text;
using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap;

/// <summary>
/// A mailbox name as the client sent it. A name that cannot be is no syntax error: the command is refused (RFC 3501 §6.3), by
/// NONEXISTENT where the mailbox has to be there, by CANNOT where it would come into being.
/// </summary>
internal readonly record struct MailboxArgument
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Decoded; null where the encoding is broken.</summary>
    private readonly string? _text;

    /// <param name="utf8">The session writes names in UTF-8 (RFC 9051 §5.1, RFC 6855 §3), not in modified UTF-7.</param>
    public MailboxArgument(ReadOnlySpan<byte> encoded, bool utf8) => _text = Decode(encoded, utf8);

    private MailboxArgument(string? text) => _text = text;

    /// <summary>Names no mailbox but the server (RFC 5464 §3).</summary>
    public bool IsEmpty => _text is "";

    /// <summary>Null for a name that no mailbox can have.</summary>
    public MailboxName? Name => MailboxName.TryParse(_text, out var name) ? name : null;

    /// <summary>
    /// The client's own spelling where it is another than the name's: it was not in NFC, and the client has to learn under which name
    /// it finds the mailbox (RFC 9051 §6.3.9.7 OLDNAME). INBOX in any case is no other spelling.
    /// </summary>
    public string? Denormalized => _text is not null && Name is { } name && !name.Value.Equals(_text, StringComparison.OrdinalIgnoreCase) ? _text : null;

    /// <summary>Null for anything but the one encoding of a name.</summary>
    public static string? Decode(ReadOnlySpan<byte> encoded, bool utf8)
    {
        // UTF-8 cannot be taken for modified UTF-7: who sends it means it (RFC 9755 §3).
        if (!utf8 && Ascii.IsValid(encoded)) return ModifiedUtf7.TryDecode(encoded);
        try { return StrictUtf8.GetString(encoded); }
        catch (DecoderFallbackException) { return null; }
    }

    /// <summary>CREATE of "name/" says that mailboxes below it will come, and makes "name" (RFC 3501 §6.3.3).</summary>
    public MailboxArgument WithoutTrailingDelimiter()
        => _text is { Length: > 1 } text && text[^1] == MailboxName.Delimiter ? new MailboxArgument(text[..^1]) : this;
}

/// <summary>Flags as the client sent them, within limits or not.</summary>
internal sealed record FlagArgument(SystemFlags System, IReadOnlyList<string> Keywords)
{
    /// <summary>Octets of one keyword.</summary>
    public const int MaxKeywordLength = 128;

    public bool IsWithinLimits => Keywords.Count <= MessageFlags.MaxKeywords && Keywords.All(keyword => keyword.Length <= MaxKeywordLength);

    public MessageFlags ToFlags() => System == SystemFlags.None && Keywords.Count == 0 ? MessageFlags.None : new MessageFlags(System, Keywords);
}
