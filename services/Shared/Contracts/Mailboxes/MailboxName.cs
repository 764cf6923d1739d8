using System.Globalization;
using System.Text;

namespace Merpati.Mailboxes;

/// <summary>
/// The name of a mailbox inside an account: levels joined by '/', Unicode in NFC, <c>INBOX</c> always in capitals
/// (RFC 3501 §5.1). Modified UTF-7 is the IMAP engine's affair.
/// </summary>
public readonly record struct MailboxName
{
    public const char Delimiter = '/';

    /// <summary>In octets of UTF-8; a longer name is refused with CANNOT.</summary>
    public const int MaxLength = 1000;

    public const int MaxDepth = 64;

    private readonly string? _value;

    private MailboxName(string value) => _value = value;

    public static MailboxName Inbox { get; } = new("INBOX");

    public string Value => _value ?? "INBOX";

    public bool IsInbox => Value == "INBOX";

    /// <summary>The name one level up; null at the top.</summary>
    public MailboxName? Parent => Value.LastIndexOf(Delimiter) is var i and > 0 ? new MailboxName(Value[..i]) : null;

    public bool IsBelow(MailboxName ancestor)
        => Value.Length > ancestor.Value.Length + 1 && Value[ancestor.Value.Length] == Delimiter && Value.StartsWith(ancestor.Value, StringComparison.Ordinal);

    /// <summary>This name with <paramref name="from"/> at its head replaced by <paramref name="to"/>; for RENAME of a tree.</summary>
    public MailboxName Rebase(MailboxName from, MailboxName to) => new(to.Value + Value[from.Value.Length..]);

    /// <summary>False for an empty name or level, a control character, a wildcard (% or *), a name too long or too deep.</summary>
    public static bool TryParse(string? text, out MailboxName name)
    {
        name = default;
        if (string.IsNullOrEmpty(text) || text.Length > MaxLength) return false;
        if (!NormalizationFormC.TryNormalize(text, out var normal)) return false; // lone surrogates
        if (Encoding.UTF8.GetByteCount(normal) > MaxLength) return false;
        foreach (var c in normal)
        {
            if (c is '%' or '*' || char.GetUnicodeCategory(c) is UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator) return false;
        }
        var levels = normal.Split(Delimiter);
        if (levels.Length > MaxDepth || levels.Any(level => level.Length == 0)) return false;
        if (levels[0].Equals("INBOX", StringComparison.OrdinalIgnoreCase)) levels[0] = "INBOX";
        name = new MailboxName(string.Join(Delimiter, levels));
        return true;
    }

    /// <inheritdoc cref="TryParse"/>
    /// <exception cref="FormatException">The text is no mailbox name.</exception>
    public static MailboxName Parse(string text) => TryParse(text, out var name) ? name : throw new FormatException($"'{text}' is not a mailbox name.");

    public override string ToString() => Value;
}
