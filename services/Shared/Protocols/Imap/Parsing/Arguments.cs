using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap;

/// <summary>
/// A mailbox name as the client sent it. A name that cannot be is no syntax error: the command is refused (RFC 3501 §6.3), by
/// NONEXISTENT where the mailbox has to be there, by CANNOT where it would come into being.
/// </summary>
internal readonly record struct MailboxArgument
{
    /// <summary>Decoded; null where it is not canonical modified UTF-7.</summary>
    private readonly string? _text;

    public MailboxArgument(ReadOnlySpan<byte> encoded) => _text = ModifiedUtf7.TryDecode(encoded);

    private MailboxArgument(string? text) => _text = text;

    /// <summary>Null for a name that no mailbox can have.</summary>
    public MailboxName? Name => MailboxName.TryParse(_text, out var name) ? name : null;

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
