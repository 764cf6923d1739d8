namespace Merpati.Mailboxes;

/// <summary>Why a change to the tree of mailboxes was not made; each is a response code (RFC 5530 §3).</summary>
public enum MailboxOutcome
{
    Done = 0,
    AlreadyExists,
    NonExistent,

    /// <summary>Children are there, and the operation cannot leave them.</summary>
    HasChildren,

    /// <summary>INBOX cannot be deleted, a name is not possible.</summary>
    Cannot,

    /// <summary>Too many mailboxes in the account.</summary>
    Limit,
}

/// <summary>The end of an append or a delivery.</summary>
public abstract record AppendOutcome
{
    private AppendOutcome() { }

    /// <summary>The messages are in the mailbox, durable, in the order given.</summary>
    public sealed record Done(IReadOnlyList<Appended> Messages) : AppendOutcome;

    /// <summary>The same (queue id, recipient) was delivered before; nothing was changed.</summary>
    public sealed record AlreadyDelivered(Appended Message) : AppendOutcome;

    /// <summary>TRYCREATE.</summary>
    public sealed record NoSuchMailbox : AppendOutcome;

    public sealed record OverQuota : AppendOutcome;

    /// <summary>The message is larger than APPENDLIMIT (RFC 7889).</summary>
    public sealed record TooLarge : AppendOutcome;

    /// <summary>It holds a NUL, and no transfer encoding can be given to it without harm (RFC 3516 §4.4).</summary>
    public sealed record NotConvertible : AppendOutcome;

    /// <summary>The message to be replaced is not there any more (RFC 8508).</summary>
    public sealed record NoSuchMessage : AppendOutcome;
}

/// <summary>The end of COPY or MOVE.</summary>
public abstract record CopyOutcome
{
    private CopyOutcome() { }

    /// <summary>All that still existed were copied in one transaction; source UIDs ascend.</summary>
    public sealed record Done(UidValidity UidValidity, IReadOnlyList<CopiedMessage> Messages) : CopyOutcome;

    public sealed record NoSuchMailbox : CopyOutcome;

    public sealed record OverQuota : CopyOutcome;
}

/// <summary>The end of STORE (RFC 7162 §3.1.3).</summary>
/// <param name="Changed">Messages whose flags are now as asked, changed or not, UID ascending.</param>
/// <param name="Modified">Messages left alone since they changed after UNCHANGEDSINCE.</param>
public sealed record StoreOutcome(IReadOnlyList<MessageState> Changed, IReadOnlyList<Uid> Modified);
