using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap;

/// <summary>A mailbox as a session reaches it: one of its account, or another's for which the account has rights.</summary>
/// <param name="Info">Under the name that it has in this session.</param>
/// <param name="Inside">Its name in the account of its owner.</param>
internal sealed record ReachedMailbox(AccountId Owner, MailboxInfo Info, MailboxName Inside, MailboxRights Rights, bool IsOwn)
{
    /// <summary>Rights of which one is enough to be told what one's rights are (RFC 4314 §4 MYRIGHTS).</summary>
    private const MailboxRights Noticeable = MailboxRights.Lookup | MailboxRights.Read | MailboxRights.Insert | MailboxRights.Create | MailboxRights.DeleteMailbox | MailboxRights.Administer;

    /// <summary>With <c>l</c>, one of these is needed for annotations (RFC 5464 §3.3).</summary>
    private const MailboxRights OfMessages = MailboxRights.Read | MailboxRights.Seen | MailboxRights.Write | MailboxRights.Insert | MailboxRights.Post;

    public MailboxId Id => Info.Id;

    public MailboxName Name => Info.Name;

    public MailboxPlace Place => new(Owner, Info.Id);

    public bool IsNoticeable => (Rights & Noticeable) != MailboxRights.None;

    public bool ShowsAnnotations => May(MailboxRights.Lookup) && (Rights & OfMessages) != MailboxRights.None;

    /// <summary>The owner may everything, always.</summary>
    public static ReachedMailbox Own(AccountId account, MailboxInfo info) => new(account, info, info.Name, MailboxRights.All, IsOwn: true);

    /// <summary>Nothing of it can be changed (RFC 4314 §5.2).</summary>
    public static bool IsReadOnly(MailboxRights rights) => (rights & (MailboxRights.Insert | MailboxRights.Expunge | MailboxRights.Flags)) == MailboxRights.None;

    public bool May(MailboxRights rights) => (Rights & rights) == rights;

    /// <summary>Why a command that needs these rights is not done; null where it may be. Who may not see that a mailbox is there is told that there is none.</summary>
    public static Completion? Refusal(ReachedMailbox? mailbox, MailboxRights needed)
        => mailbox is null ? Completion.NoSuchMailbox
            : mailbox.May(needed) ? null
            : mailbox.May(MailboxRights.Lookup) ? Completion.NoPermission
            : Completion.NoSuchMailbox;
}
