using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap;

/// <summary>Special-use attributes as they are written (RFC 6154 §2, RFC 8457 §3).</summary>
internal static class SpecialUses
{
    public static SpecialUse? TryParse(string name) => name switch
    {
        "ALL" => SpecialUse.All,
        "ARCHIVE" => SpecialUse.Archive,
        "DRAFTS" => SpecialUse.Drafts,
        "FLAGGED" => SpecialUse.Flagged,
        "IMPORTANT" => SpecialUse.Important,
        "JUNK" => SpecialUse.Junk,
        "SENT" => SpecialUse.Sent,
        "TRASH" => SpecialUse.Trash,
        _ => null,
    };

    public static string? Attribute(SpecialUse use) => use switch
    {
        SpecialUse.None => null,
        SpecialUse.All => "\\All",
        SpecialUse.Archive => "\\Archive",
        SpecialUse.Drafts => "\\Drafts",
        SpecialUse.Flagged => "\\Flagged",
        SpecialUse.Important => "\\Important",
        SpecialUse.Junk => "\\Junk",
        SpecialUse.Sent => "\\Sent",
        SpecialUse.Trash => "\\Trash",
        _ => null,
    };
}
