namespace Merpati.Protocols.Imap;

/// <summary>Events of RFC 5465 §5 that are told of.</summary>
[Flags]
internal enum NotifyEvents
{
    None = 0,
    MessageNew = 1,
    MessageExpunge = 2,
    FlagChange = 4,
    MailboxName = 8,
    SubscriptionChange = 16,
    MailboxMetadataChange = 32,
    ServerMetadataChange = 64,

    OfMessages = MessageNew | MessageExpunge | FlagChange,
    OfMetadata = MailboxMetadataChange | ServerMetadataChange,
}

/// <summary>Which mailboxes an event group is about (RFC 5465 §6).</summary>
internal enum NotifyFilter
{
    /// <summary>The selected one; EXPUNGE at any time.</summary>
    Selected = 0,

    /// <summary>The selected one; EXPUNGE when a command allows it.</summary>
    SelectedDelayed,

    /// <summary>Those into which delivery puts messages by itself.</summary>
    Inboxes,
    Personal,
    Subscribed,

    /// <summary>The named ones and all below.</summary>
    Subtree,
    Mailboxes,
}
