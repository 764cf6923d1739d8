namespace Merpati.Storage;

/// <summary>What can be wrong in the stores. The names stand in reports and metrics: never change one.</summary>
public enum DamageKind
{
    /// <summary>A message or a queue entry needs a content that is not there.</summary>
    ContentMissing = 0,

    /// <summary>Octets of a content are gone, or are not those that were stored.</summary>
    ContentDamaged,

    /// <summary>A content is shorter or longer than the message says that needs it.</summary>
    ContentSize,

    /// <summary>A content that nobody needs, long after the collector should have removed it. Mended: it is removed.</summary>
    ContentOrphaned,

    /// <summary>Octets of a content that is none, and that no writer is at. Mended: they are removed.</summary>
    ChunksOrphaned,

    /// <summary>A queue entry that cannot be read; it is set aside, and its recipients wait.</summary>
    EntryUnreadable,

    /// <summary>A queue entry with queued recipients that is never due. Mended: it is due.</summary>
    EntryStuck,

    /// <summary>A queue entry without an open recipient, which should be gone.</summary>
    EntryClosed,

    /// <summary>Accepted recipients that are neither open nor closed (design §3).</summary>
    Unaccounted,

    /// <summary>The counter of lease tokens is behind a token that was given. Mended: it is not.</summary>
    FenceBehind,

    /// <summary>The counts of a mailbox are not those of its messages. Mended: they are.</summary>
    MailboxCounts,

    /// <summary>UIDNEXT is not above every UID (RFC 3501 §2.3.1.1): the next message would take the place of another. Mended: it is.</summary>
    UidNext,

    /// <summary>HIGHESTMODSEQ is below a MODSEQ (RFC 7162 §3.1.2.1): clients would miss changes. Mended: it is not.</summary>
    HighestModSeq,

    /// <summary>Two mailboxes of an account have one name, or one UIDVALIDITY.</summary>
    MailboxTwice,

    /// <summary>Messages in a mailbox that is none.</summary>
    MessageWithoutMailbox,

    /// <summary>A message whose structure is gone; it cannot be read.</summary>
    MessageWithoutDetails,

    /// <summary>A message is marked as deleted in one place and not in the other: EXPUNGE would miss it, or take it. Mended: its flags count.</summary>
    DeletedMark,

    /// <summary>The copies of a message are not as many as their common part says: it would go too early, or never. Mended: they are.</summary>
    CopyCount,

    /// <summary>What an account uses of its quota is not the sum of its mailboxes. Mended: it is.</summary>
    Usage,
}

/// <summary>One thing that is wrong.</summary>
/// <param name="Where">Names the content, the entry, or account and mailbox, and the message.</param>
/// <param name="What">What is there and what should be, for a person.</param>
/// <param name="Mended">It is not so any more.</param>
/// <param name="Octets">How many octets it is about; 0 where that does not say anything.</param>
public sealed record Damage(DamageKind Kind, string Where, string What, bool Mended = false, long Octets = 0)
{
    /// <summary>As it stands in reports and metrics: <c>uid-next</c>.</summary>
    public static string Name(DamageKind kind) => string.Concat(kind.ToString().Select((letter, at) => char.IsUpper(letter) ? (at == 0 ? "" : "-") + char.ToLowerInvariant(letter) : letter.ToString()));
}
