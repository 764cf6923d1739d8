namespace Merpati.Mailboxes;

/// <summary>
/// The tree of mailboxes of an account. Every call names the account; nothing of another account can be reached by any id.
/// Changes are durable when the call returns.
/// </summary>
public interface IMailboxTree
{
    /// <summary>Makes INBOX and the special-use mailboxes if the account has none yet. Idempotent.</summary>
    ValueTask EnsureAccountAsync(AccountId account, CancellationToken cancellationToken);

    /// <summary>All mailboxes in order of name, with counters.</summary>
    ValueTask<IReadOnlyList<MailboxInfo>> ListAsync(AccountId account, CancellationToken cancellationToken);

    /// <summary>Null when there is none of that name.</summary>
    ValueTask<MailboxInfo?> FindAsync(AccountId account, MailboxName name, CancellationToken cancellationToken);

    /// <summary>Null when it was deleted.</summary>
    ValueTask<MailboxInfo?> GetAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken);

    /// <summary>Makes the mailbox and its missing parents (RFC 3501 §6.3.3), subscribed or not. UIDVALIDITY is never one that the name had before.</summary>
    ValueTask<MailboxOutcome> CreateAsync(AccountId account, MailboxName name, SpecialUse use, CancellationToken cancellationToken);

    /// <summary>
    /// Lets a mailbox that takes over the messages of another go on where that one stopped, so that clients need not read it afresh. One that has never had a message gets its UIDVALIDITY,
    /// unless that is more than 60 days above the clock, and its MODSEQs go on above; where the UIDVALIDITY is the same, UIDNEXT is not below that of <paramref name="past"/> any more.
    /// </summary>
    /// <returns>The mailbox as it is then; null when there is none.</returns>
    ValueTask<MailboxInfo?> ContinueAsync(AccountId account, MailboxId mailbox, MailboxPast past, CancellationToken cancellationToken);

    /// <summary>
    /// Deletes the mailbox with its messages; refused for INBOX. Mailboxes below stay, and the name is then one above others
    /// that is no mailbox itself: deleting that is refused with HasChildren (RFC 9051 §6.3.5).
    /// </summary>
    ValueTask<MailboxOutcome> DeleteAsync(AccountId account, MailboxName name, CancellationToken cancellationToken);

    /// <summary>
    /// Renames with all children and makes missing parents (RFC 3501 §6.3.5). INBOX: its messages move to the new mailbox, INBOX stays, empty.
    /// A name that is only above others is renamed too: they move.
    /// </summary>
    ValueTask<MailboxOutcome> RenameAsync(AccountId account, MailboxName from, MailboxName to, CancellationToken cancellationToken);

    /// <summary>A subscription is a name: it may be of no mailbox, and it outlives DELETE (RFC 3501 §6.3.6).</summary>
    ValueTask SubscribeAsync(AccountId account, MailboxName name, bool subscribed, CancellationToken cancellationToken);

    /// <summary>All subscribed names in order, whether or not the mailbox exists.</summary>
    ValueTask<IReadOnlyList<MailboxName>> ListSubscriptionsAsync(AccountId account, CancellationToken cancellationToken);
}

/// <summary>
/// The messages of a mailbox. A reader never sees UID n+1 before UID n, nor MODSEQs out of order.
/// Every change to a message gives it a MODSEQ above the mailbox's HIGHESTMODSEQ; one call gives all its messages the same.
/// </summary>
public interface IMailboxMessages
{
    /// <summary>
    /// All UIDs, ascending, with the mailbox of the same moment: the ground of a SELECT. Null when there is no such mailbox.
    /// Others may be given the same array: it is not to be changed.
    /// </summary>
    ValueTask<(MailboxInfo Mailbox, Uid[] Uids)?> SnapshotAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken);

    /// <summary>
    /// The lowest UID without \Seen; null where there is none. A change after the snapshot may or may not show in it.
    /// Who does not know better looks at the flags, window by window.
    /// </summary>
    /// <param name="mailbox">Of a snapshot, as <paramref name="uids"/> are.</param>
    ValueTask<Uid?> FirstUnseenAsync(AccountId account, MailboxInfo mailbox, Uid[] uids, CancellationToken cancellationToken) => FirstUnseen.FindAsync(this, account, mailbox, uids, cancellationToken);

    /// <summary>Everything after <paramref name="since"/>, in one view. Null when the mailbox is gone.</summary>
    ValueTask<MailboxChanges?> ChangesAsync(AccountId account, MailboxId mailbox, ModSeq since, CancellationToken cancellationToken);

    /// <summary>Takes all messages not yet recent to any session: returns the first such UID and moves the mark to UIDNEXT (RFC 3501 §2.3.2).</summary>
    ValueTask<Uid> ClaimRecentAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken);

    /// <summary>UID, MODSEQ and flags of those that exist, UID ascending.</summary>
    IAsyncEnumerable<MessageState> StatesAsync(AccountId account, MailboxId mailbox, UidSet uids, CancellationToken cancellationToken);

    /// <summary>All but the octets of those that exist, UID ascending; streamed, never all in memory.</summary>
    IAsyncEnumerable<MessageInfo> MessagesAsync(AccountId account, MailboxId mailbox, UidSet uids, CancellationToken cancellationToken);

    /// <summary>Changes flags. A message whose MODSEQ is above <paramref name="unchangedSince"/> is left alone.</summary>
    ValueTask<StoreOutcome> StoreFlagsAsync(AccountId account, MailboxId mailbox, UidSet uids, FlagOperation operation, MessageFlags flags, ModSeq? unchangedSince, CancellationToken cancellationToken);

    /// <summary>Copies flags, INTERNALDATE and content; all or nothing (RFC 3501 §6.4.7).</summary>
    ValueTask<CopyOutcome> CopyAsync(AccountId account, MailboxId source, UidSet uids, MailboxId destination, CancellationToken cancellationToken);

    /// <summary>Copy and expunge in one transaction (RFC 6851).</summary>
    ValueTask<CopyOutcome> MoveAsync(AccountId account, MailboxId source, UidSet uids, MailboxId destination, CancellationToken cancellationToken);

    /// <summary>Removes those of <paramref name="uids"/> that have \Deleted, or all of them where <paramref name="onlyDeleted"/> is false; returns what went, ascending. Leaves tombstones.</summary>
    ValueTask<IReadOnlyList<Uid>> ExpungeAsync(AccountId account, MailboxId mailbox, UidSet uids, bool onlyDeleted, CancellationToken cancellationToken);

    /// <summary>Octets of the messages with \Deleted (RFC 9208 §4.1.4 DELETED-STORAGE); 0 when there is no such mailbox.</summary>
    ValueTask<long> DeletedSizeAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken);

    ValueTask<QuotaUsage> QuotaAsync(AccountId account, CancellationToken cancellationToken);
}

/// <summary>
/// The mailboxes as the gateways see them; Delivery implements it, in the cluster behind gRPC.
/// A fault (store away, damaged content) is an exception; everything a client can cause is a value.
/// </summary>
public interface IMailboxes : IMailboxTree, IMailboxMessages, IMailboxAnnotations, IMailboxGrants
{
    /// <summary>
    /// Stores messages: reads one after the other to its end, makes them durable and puts them into the mailbox, all or nothing, in one transaction
    /// (RFC 3502 §6.3.11). Where <paramref name="messages"/> or one of the streams throws, nothing is stored. The caller keeps and disposes the streams.
    /// </summary>
    /// <param name="messages">Each is asked for when the one before has been read. They are not read to the end where a refusal comes first.</param>
    /// <param name="replaced">Expunged in the same transaction (RFC 8508); where it is gone already nothing is stored.</param>
    ValueTask<AppendOutcome> AppendAsync(AccountId account, MailboxId mailbox, IAsyncEnumerable<MessageToAppend> messages, ReplacedMessage? replaced, CancellationToken cancellationToken);

    /// <summary>
    /// COPY or MOVE that leaves out the flags for which there are no rights at the destination (RFC 4314 §4), and may lead into another account, whose quota counts then.
    /// What is copied is copied as a whole or not at all; of a move whose end is lost the messages are in both mailboxes.
    /// </summary>
    /// <param name="rights">At the destination.</param>
    ValueTask<CopyOutcome> TransferAsync(AccountId account, MailboxId source, UidSet uids, MailboxPlace destination, MailboxRights rights, bool move, CancellationToken cancellationToken);

    /// <summary>
    /// Opens the octets of a message, trace prefix and content, from <paramref name="offset"/>. Reads at most a few buffers ahead.
    /// Damage shows as <see cref="ContentDamagedException"/>, and touches no other message.
    /// </summary>
    ValueTask<Stream> OpenAsync(AccountId account, MessageInfo message, long offset, long length, CancellationToken cancellationToken);

    /// <summary>UIDs that match, ascending.</summary>
    ValueTask<IReadOnlyList<Uid>> SearchAsync(AccountId account, MailboxId mailbox, SearchCriteria criteria, CancellationToken cancellationToken);

    /// <summary>UIDs that match, in the order of the keys, the first counting most; what they leave open is ordered by UID (RFC 5256 §3 SORT).</summary>
    ValueTask<IReadOnlyList<Uid>> SortAsync(AccountId account, MailboxId mailbox, IReadOnlyList<SortKey> keys, SearchCriteria criteria, CancellationToken cancellationToken);

    /// <summary>The messages that match, as conversations (RFC 5256 §3 THREAD).</summary>
    ValueTask<IReadOnlyList<ThreadPlace>> ThreadAsync(AccountId account, MailboxId mailbox, ThreadAlgorithm algorithm, SearchCriteria criteria, CancellationToken cancellationToken);
}

/// <summary>A stored content whose octets are missing or do not have the recorded checksum.</summary>
public sealed class ContentDamagedException(ContentId content, string detail) : IOException($"Content {content} is damaged: {detail}")
{
    public ContentId Content { get; } = content;
}
