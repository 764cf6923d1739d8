namespace Merpati.Mailboxes;

/// <summary>How far a mailbox had come, here or on another server.</summary>
public sealed record MailboxPast(UidValidity UidValidity, Uid UidNext, ModSeq HighestModSeq)
{
    /// <summary>A higher one is not gone on above: there would be no room left.</summary>
    public const long MaxModSeq = 1L << 53;

    // A server that made many mailboxes within a second has given UIDVALIDITYs of the next hours or days. What is far above the clock is none of a clock, and new ones have to go on above it.
    private static readonly TimeSpan MostAhead = TimeSpan.FromDays(60);

    /// <summary>Whether a mailbox that never had a message may take over the UIDVALIDITY. The store gives none below it from then on, so that it is given to no other.</summary>
    public bool IsTakenBy(MailboxInfo mailbox, DateTimeOffset now)
        => mailbox.UidNext.Value == 1 && UidValidity.Value is > 0 && UidValidity.Value <= (now + MostAhead).ToUnixTimeSeconds() && HighestModSeq.Value <= MaxModSeq;
}

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
