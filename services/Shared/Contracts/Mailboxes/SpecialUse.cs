namespace Merpati.Mailboxes;

/// <summary>Special-use attributes (RFC 6154 §2). The numbers are stored: never change them.</summary>
public enum SpecialUse
{
    None = 0,
    Archive = 1,
    Drafts = 2,
    Junk = 3,
    Sent = 4,
    Trash = 5,
    Flagged = 6,
    All = 7,
    Important = 8,
}
