using Merpati.Mailboxes;
using Merpati.Queueing;

namespace Merpati.Storage;

/// <summary>Names one delivery, so that a replay is a no-op (design §2).</summary>
/// <param name="Recipient">The envelope recipient that led here, as text in lower case: two aliases to one account are two deliveries only if the caller wants that.</param>
public readonly record struct DeliveryKey(QueueId QueueId, string Recipient);

/// <summary>
/// Mailboxes and messages of accounts. UID and MODSEQ are given in the transaction that inserts, so that commit order is UID order.
/// </summary>
public interface IMailboxStore : IMailboxTree, IMailboxMessages, IMailboxAnnotations, IMailboxGrants
{
    /// <summary>
    /// Puts messages into a mailbox in one transaction, UIDs ascending in the order given. Several calls may share one commit.
    /// </summary>
    /// <param name="delivery">Null for APPEND. Else the key is recorded in the same transaction, and if the account has it already nothing is changed.</param>
    /// <param name="quota">Limits to hold to; Octets and Messages of it are not read.</param>
    ValueTask<AppendOutcome> AppendAsync(AccountId account, MailboxId mailbox, IReadOnlyList<NewMessage> messages, DeliveryKey? delivery, QuotaUsage? quota, CancellationToken cancellationToken);

    /// <summary>
    /// Puts a message into a mailbox and expunges another in one transaction (RFC 8508); <see cref="AppendOutcome.NoSuchMessage"/> where that is gone.
    /// The room that it took counts as free.
    /// </summary>
    /// <param name="quota">Limits to hold to; Octets and Messages of it are not read.</param>
    ValueTask<AppendOutcome> ReplaceAsync(AccountId account, MailboxId mailbox, NewMessage message, ReplacedMessage replaced, QuotaUsage? quota, CancellationToken cancellationToken);

    /// <summary>COPY within the quota: <see cref="CopyOutcome.OverQuota"/>, and nothing is copied, where the copies would go over it.</summary>
    /// <param name="quota">Limits to hold to; Octets and Messages of it are not read.</param>
    ValueTask<CopyOutcome> CopyAsync(AccountId account, MailboxId source, UidSet uids, MailboxId destination, QuotaUsage? quota, CancellationToken cancellationToken);

    /// <summary>The mailbox with that special use; null when there is none.</summary>
    ValueTask<MailboxInfo?> FindSpecialUseAsync(AccountId account, SpecialUse use, CancellationToken cancellationToken);

    /// <summary>The thread of the first of these Message-IDs that the account has; null when it has none. For THREADID.</summary>
    ValueTask<string?> FindThreadAsync(AccountId account, IReadOnlyList<string> messageIds, CancellationToken cancellationToken);

    /// <summary>Removes all that belongs to the account. Idempotent.</summary>
    ValueTask RemoveAccountAsync(AccountId account, CancellationToken cancellationToken);

    /// <summary>Which of these contents a message still needs.</summary>
    ValueTask<IReadOnlySet<ContentId>> FindReferencedAsync(IReadOnlyList<ContentId> contents, CancellationToken cancellationToken);

    /// <summary>Forgets delivery keys recorded before; far enough back that no replay can come any more.</summary>
    ValueTask<int> ForgetDeliveriesAsync(DateTimeOffset before, CancellationToken cancellationToken);

    /// <summary>Forgets tombstones of expunges before; a client with an older MODSEQ has to resynchronise in full.</summary>
    ValueTask<int> ForgetTombstonesAsync(DateTimeOffset before, CancellationToken cancellationToken);
}
