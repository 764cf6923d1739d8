namespace Merpati.Mailboxes;

/// <summary>What somebody may do with a mailbox (RFC 4314 §2.1). The numbers are stored: never change them.</summary>
[Flags]
public enum MailboxRights
{
    None = 0,

    /// <summary><c>l</c>: see that it is there.</summary>
    Lookup = 1,

    /// <summary><c>r</c>: SELECT, STATUS, copy from it.</summary>
    Read = 2,

    /// <summary><c>s</c>: \Seen.</summary>
    Seen = 4,

    /// <summary><c>w</c>: flags but \Seen and \Deleted.</summary>
    Write = 8,

    /// <summary><c>i</c>: APPEND, COPY and MOVE into it.</summary>
    Insert = 16,

    /// <summary><c>p</c>: send mail to an address of the mailbox; kept, and not asked for by IMAP (RFC 4314 §2.1).</summary>
    Post = 32,

    /// <summary><c>k</c>: CREATE and RENAME to below it.</summary>
    Create = 64,

    /// <summary><c>x</c>: DELETE and RENAME it.</summary>
    DeleteMailbox = 128,

    /// <summary><c>t</c>: \Deleted.</summary>
    DeleteMessages = 256,

    /// <summary><c>e</c>: EXPUNGE.</summary>
    Expunge = 512,

    /// <summary><c>a</c>: read and change the rights of others.</summary>
    Administer = 1024,

    /// <summary>Each of these changes flags, which all who look at the mailbox see.</summary>
    Flags = Seen | Write | DeleteMessages,

    All = Lookup | Read | Seen | Write | Insert | Post | Create | DeleteMailbox | DeleteMessages | Expunge | Administer,
}

/// <summary>Which flags rights cover (RFC 4314 §4).</summary>
public static class FlagRights
{
    /// <summary>The flags that may be set and cleared with these rights; the others are left out.</summary>
    public static MessageFlags Within(this MessageFlags flags, MailboxRights rights)
    {
        ArgumentNullException.ThrowIfNull(flags);
        if ((rights & MailboxRights.Flags) == MailboxRights.Flags) return flags;
        return new MessageFlags(flags.System & SystemFlagsWithin(rights), rights.HasFlag(MailboxRights.Write) ? flags.Keywords : []);
    }

    private static SystemFlags SystemFlagsWithin(MailboxRights rights)
        => (rights.HasFlag(MailboxRights.Seen) ? SystemFlags.Seen : SystemFlags.None)
            | (rights.HasFlag(MailboxRights.DeleteMessages) ? SystemFlags.Deleted : SystemFlags.None)
            | (rights.HasFlag(MailboxRights.Write) ? SystemFlags.Answered | SystemFlags.Flagged | SystemFlags.Draft : SystemFlags.None);
}
