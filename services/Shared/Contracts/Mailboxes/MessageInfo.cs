namespace Merpati.Mailboxes;

/// <summary>UID, MODSEQ and flags of a message: what a synchronising client asks for.</summary>
public readonly record struct MessageState(Uid Uid, ModSeq ModSeq, MessageFlags Flags);

/// <summary>A message in a mailbox, all but its octets.</summary>
public sealed record MessageInfo
{
    public required Uid Uid { get; init; }

    public required ModSeq ModSeq { get; init; }

    public required MessageFlags Flags { get; init; }

    /// <summary>INTERNALDATE.</summary>
    public required DateTimeOffset InternalDate { get; init; }

    /// <summary>When the message came into this mailbox (RFC 8514 SAVEDATE).</summary>
    public required DateTimeOffset SaveDate { get; init; }

    public required ContentId Content { get; init; }

    /// <summary>Headers that delivery put before the content (Return-Path, Delivered-To, Received…), with CRLF; they are part of the message.</summary>
    public required ReadOnlyMemory<byte> TracePrefix { get; init; }

    /// <summary>RFC822.SIZE: trace prefix and content, octets.</summary>
    public required long Size { get; init; }

    /// <summary>The same for all copies of one message (RFC 8474 §5.1).</summary>
    public required string EmailId { get; init; }

    /// <summary>The same for all messages of a conversation (RFC 8474 §5.2).</summary>
    public required string ThreadId { get; init; }

    public required MessageStructure Structure { get; init; }

    /// <summary>Where this is the surrogate that a client without UTF-8 is shown (<see cref="DowngradedMessage"/>): the message as it is stored.</summary>
    public MessageInfo? Original { get; init; }
}

/// <summary>A message that shall be put into a mailbox; the store gives it UID and MODSEQ.</summary>
public sealed record NewMessage
{
    public required MessageFlags Flags { get; init; }

    public required DateTimeOffset InternalDate { get; init; }

    public required ContentId Content { get; init; }

    public ReadOnlyMemory<byte> TracePrefix { get; init; }

    public required long Size { get; init; }

    public required string EmailId { get; init; }

    public required string ThreadId { get; init; }

    public required MessageStructure Structure { get; init; }

    /// <summary>What it shall be again, from an earlier life; null for a new message.</summary>
    public EarlierMessage? Earlier { get; init; }
}

/// <summary>What a message that is brought back was before.</summary>
/// <param name="Uid">It gets this one again unless it is below UIDNEXT; null takes the next.</param>
/// <param name="SaveDate">Null: now.</param>
/// <param name="ThreadId">Null: as for a new message.</param>
public sealed record EarlierMessage(Uid? Uid, string EmailId, string? ThreadId, DateTimeOffset? SaveDate);

/// <summary>A message of APPEND.</summary>
/// <param name="InternalDate">Null: now.</param>
/// <param name="Size">Octets announced; the stream ending early is an <see cref="EndOfStreamException"/>. Null: to the end of the stream.</param>
/// <param name="Content">Read once, before the next message is asked for.</param>
/// <param name="Earlier">For a message that is brought back; the UIDs of several ascend.</param>
public sealed record MessageToAppend(MessageFlags Flags, DateTimeOffset? InternalDate, long? Size, Stream Content, EarlierMessage? Earlier = null);

/// <summary>The message in whose place another comes (RFC 8508).</summary>
public readonly record struct ReplacedMessage(MailboxId Mailbox, Uid Uid);

/// <summary>Where an appended or copied message is now.</summary>
public readonly record struct Appended(MailboxId Mailbox, UidValidity UidValidity, Uid Uid, ModSeq ModSeq);

/// <summary>One message of COPY or MOVE: its UID before and after.</summary>
public readonly record struct CopiedMessage(Uid Source, Uid Destination);

/// <summary>Changes of a mailbox after a MODSEQ, in one consistent view (RFC 7162 §3.2.5).</summary>
/// <param name="Mailbox">The mailbox as of this view; its HIGHESTMODSEQ is where the next question starts.</param>
/// <param name="Changed">New messages and flag changes, UID ascending.</param>
/// <param name="Expunged">UIDs expunged since; where tombstones are forgotten, all below UIDNEXT that are not there.</param>
public sealed record MailboxChanges(MailboxInfo Mailbox, IReadOnlyList<MessageState> Changed, UidSet Expunged);

/// <summary>Storage used by an account and its limits; a null limit is none.</summary>
public sealed record QuotaUsage(long Octets, long Messages, long? OctetLimit, long? MessageLimit);
