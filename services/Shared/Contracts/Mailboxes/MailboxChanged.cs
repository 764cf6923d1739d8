namespace Merpati.Mailboxes;

/// <summary>
/// Something in a mailbox changed; where <see cref="Mailbox"/> is null, something in the tree, or in any mailbox as changes may have been missed.
/// It only says "look" (design §5).
/// </summary>
public readonly record struct MailboxChanged(AccountId Account, MailboxId? Mailbox, ModSeq ModSeq);

/// <summary>Carries <see cref="MailboxChanged"/> from the owner of the mailboxes to the sessions that look at them.</summary>
public interface IMailboxChangeFeed
{
    /// <summary>Calls <paramref name="onChange"/> for each change of the account until disposed. The callback must not block or throw.</summary>
    IDisposable Subscribe(AccountId account, Action<MailboxChanged> onChange);

    /// <summary>Tells the subscribers. Never fails and never waits: the change is already durable.</summary>
    void Announce(MailboxChanged change);
}
