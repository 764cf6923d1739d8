namespace Merpati.Mailboxes;

/// <summary>A mailbox and its counters, of one moment (RFC 3501 §6.3.10 STATUS).</summary>
public sealed record MailboxInfo
{
    public required MailboxId Id { get; init; }

    public required MailboxName Name { get; init; }

    public SpecialUse SpecialUse { get; init; }

    public bool Subscribed { get; init; }

    public required UidValidity UidValidity { get; init; }

    /// <summary>The UID that the next message gets.</summary>
    public required Uid UidNext { get; init; }

    public required ModSeq HighestModSeq { get; init; }

    public long Messages { get; init; }

    public long Unseen { get; init; }

    public long Deleted { get; init; }

    /// <summary>Messages that no session has been told of as recent; \Recent is for UIDs from here on.</summary>
    public Uid FirstRecent { get; init; }

    /// <summary>Messages with <see cref="FirstRecent"/> or a higher UID.</summary>
    public long Recent { get; init; }

    /// <summary>Octets of all messages: the sum of RFC822.SIZE (RFC 8438 STATUS=SIZE).</summary>
    public long Size { get; init; }
}
