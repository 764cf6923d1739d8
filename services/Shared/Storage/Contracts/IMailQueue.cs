using System.Collections.Frozen;
using Merpati.Addresses;
using Merpati.Mailboxes;
using Merpati.Queueing;

namespace Merpati.Storage;

/// <summary>The right to work on an entry until it expires. The token is the fence: a write with an older one is refused.</summary>
public sealed record QueueLease(QueueEntry Entry, string Worker, long Token, DateTimeOffset ExpiresAt);

/// <summary>What became of a recipient in an attempt.</summary>
public sealed record RecipientResult(EmailAddress Recipient, RecipientState State, string? Detail)
{
    /// <summary>The sender was told in this attempt that it is late: sets <see cref="QueueRecipient.DelayReported"/>, for good.</summary>
    public bool DelayReported { get; init; }

    /// <summary>The outcome of the attempt is not known: <see cref="QueueRecipient.Intent"/> stays. Else it is cleared with the result.</summary>
    public bool IntentStays { get; init; }
}

/// <summary>
/// How much of what is due a worker can use. Within it the higher priority comes first, then what is due the longest.
/// </summary>
/// <param name="Limit">Most entries.</param>
/// <param name="PerDestination">Most of them for one destination. Entries without one are not counted together.</param>
/// <param name="PerSender">Most of them from one sender: the account that submitted them, else their reverse-path.</param>
/// <param name="ExceptDestinations">None for these: they have enough, or are given a rest.</param>
public sealed record LeaseWish(int Limit, int PerDestination, int PerSender, IReadOnlySet<string> ExceptDestinations)
{
    /// <summary>Destinations known to take mail, and how many entries each of them can use instead of <see cref="PerDestination"/>.</summary>
    public IReadOnlyDictionary<string, int> WellKnown { get; init; } = FrozenDictionary<string, int>.Empty;

    /// <summary>Most entries for all others together: whoever may be dead must not take the places of those who are not.</summary>
    public int MostUnknown { get; init; } = int.MaxValue;

    /// <summary>Some of what is due may be left out although there is room for it.</summary>
    public bool IsShare => PerDestination < int.MaxValue || PerSender < int.MaxValue;

    /// <summary>Whatever is due, whoever it is for or from.</summary>
    public static LeaseWish UpTo(int limit) => new(limit, int.MaxValue, int.MaxValue, FrozenSet<string>.Empty);
}

/// <summary>A filter of entries; null fields match all, the others must all match.</summary>
public sealed record QueueFilter
{
    public QueueId? Id { get; init; }

    public QueueRoute? Route { get; init; }

    /// <summary>Entries with a recipient in this state.</summary>
    public RecipientState? State { get; init; }

    /// <summary>Substring of the reverse-path, without case.</summary>
    public string? Sender { get; init; }

    /// <summary>Substring of a recipient, without case.</summary>
    public string? Recipient { get; init; }

    /// <summary>Entries with a recipient in this domain, in A-labels or U-labels, or an address literal.</summary>
    public string? Domain { get; init; }

    /// <summary>Entries that this account submitted.</summary>
    public AccountId? Submitter { get; init; }

    public DateTimeOffset? AcceptedBefore { get; init; }

    /// <summary>Substring of the last word on a recipient (<see cref="QueueRecipient.Detail"/>), without the case of ASCII letters.</summary>
    public string? Reply { get; init; }
}

/// <summary>Open recipients of one route, state and domain.</summary>
/// <param name="Oldest">When the oldest of them was accepted.</param>
public sealed record QueueCount(QueueRoute Route, RecipientState State, string Domain, long Recipients, DateTimeOffset Oldest);

/// <summary>
/// The ledger (design §3): recipients ever accepted, closed by state, open now. <see cref="Unaccounted"/> is 0, always;
/// it is computed from counters that move in the same transactions as the entries, and a count of the open ones.
/// </summary>
public sealed record Ledger(long Accepted, IReadOnlyDictionary<RecipientState, long> Closed, long Open)
{
    public long Unaccounted => Accepted - Closed.Values.Sum() - Open;
}

/// <summary>
/// The mail queue: the truth about what was promised (design §2). Every change is durable when its call returns.
/// </summary>
public interface IMailQueue
{
    /// <summary>
    /// Puts the entries in, all of them or none, in one transaction; one with an id that exists already is left as it is (a repeated call is no second message).
    /// Each has at least one open recipient.
    /// </summary>
    ValueTask EnqueueAsync(IReadOnlyList<QueueEntry> entries, CancellationToken cancellationToken);

    /// <summary>
    /// Takes entries of the route that have queued recipients, are due, and are not leased or whose lease has expired: as many as the wish lets it, by priority, then the longest due first.
    /// Each gets a new, higher token, and its attempt count goes up. What is passed over costs nothing, however long the row: behind the first few hundred entries the choice goes by
    /// destination, in a turn that gets to each of them, and a destination that had nothing in the queue before may be found a moment later.
    /// </summary>
    ValueTask<IReadOnlyList<QueueLease>> LeaseAsync(QueueRoute route, string worker, LeaseWish wish, TimeSpan duration, CancellationToken cancellationToken);

    /// <summary>An expiry counted from now; null when the lease was lost: taken by another worker, or taken away by a hold. An expired lease that nobody took is still good.</summary>
    ValueTask<QueueLease?> ExtendAsync(QueueLease lease, TimeSpan duration, CancellationToken cancellationToken);

    /// <summary>
    /// Writes <see cref="QueueRecipient.Intent"/> of these recipients, as far as they are queued; durable on return. It is cleared by <see cref="CompleteAsync"/> with a result for the
    /// recipient, so that it is found by the next attempt only if this one did not live to tell.
    /// </summary>
    /// <returns>False when the lease was lost: then nothing was changed, and the message must not be sent.</returns>
    ValueTask<bool> IntendAsync(QueueLease lease, IReadOnlyList<EmailAddress> recipients, string host, CancellationToken cancellationToken);

    /// <summary>
    /// Ends the attempt in one transaction: records the results, puts in <paramref name="successors"/> (DSNs, redirects), gives up the lease.
    /// Recipients not named, and those closed already, stay as they are. The entry is removed when no recipient is open any more, else it is due again at <paramref name="nextAttemptAt"/>.
    /// </summary>
    /// <returns>False when the lease was lost: then nothing was changed.</returns>
    ValueTask<bool> CompleteAsync(QueueLease lease, IReadOnlyList<RecipientResult> results, DateTimeOffset nextAttemptAt, IReadOnlyList<QueueEntry> successors, CancellationToken cancellationToken);

    /// <summary>When the next entry of the route becomes due (or its lease expires); null when there is none.</summary>
    ValueTask<DateTimeOffset?> NextDueAsync(QueueRoute route, CancellationToken cancellationToken);

    ValueTask<QueueEntry?> FindAsync(QueueId id, CancellationToken cancellationToken);

    /// <summary>Entries that match, oldest first (in order of id, which is order of time), after <paramref name="after"/>.</summary>
    ValueTask<IReadOnlyList<QueueEntry>> BrowseAsync(QueueFilter filter, QueueId? after, int limit, CancellationToken cancellationToken);

    /// <summary>Makes queued recipients held (with the reason) or held ones queued and due now. Entries under a live lease are left alone when holding. Returns the entries changed.</summary>
    ValueTask<IReadOnlyList<QueueId>> HoldAsync(QueueFilter filter, string reason, CancellationToken cancellationToken);

    /// <inheritdoc cref="HoldAsync"/>
    ValueTask<IReadOnlyList<QueueId>> ReleaseAsync(QueueFilter filter, CancellationToken cancellationToken);

    /// <summary>Makes entries with queued recipients due now. Those under a live lease are being tried, and left alone.</summary>
    ValueTask<IReadOnlyList<QueueId>> RetryNowAsync(QueueFilter filter, CancellationToken cancellationToken);

    /// <summary>
    /// Asks that open recipients go back to the sender with the reason: held ones become queued, all are marked (<see cref="QueueRecipient.BounceRequested"/>) and due now, and the service
    /// of the route makes the report. Under a live lease the mark is there too, and heeded when the lease is given up. Returns the entries changed; one that is marked already is not.
    /// </summary>
    ValueTask<IReadOnlyList<QueueId>> BounceAsync(QueueFilter filter, string reason, CancellationToken cancellationToken);

    /// <summary>Closes all open recipients as <see cref="RecipientState.Discarded"/> with the reason. Entries under a live lease are left alone.</summary>
    ValueTask<IReadOnlyList<QueueId>> DiscardAsync(QueueFilter filter, string reason, CancellationToken cancellationToken);

    /// <summary>Open recipients by route, state and domain.</summary>
    ValueTask<IReadOnlyList<QueueCount>> CountAsync(CancellationToken cancellationToken);

    ValueTask<Ledger> LedgerAsync(CancellationToken cancellationToken);

    /// <summary>Which of these contents an entry still needs.</summary>
    ValueTask<IReadOnlySet<ContentId>> FindReferencedAsync(IReadOnlyList<ContentId> contents, CancellationToken cancellationToken);
}

/// <summary>The short way where there is one entry.</summary>
public static class MailQueueExtensions
{
    /// <inheritdoc cref="IMailQueue.EnqueueAsync"/>
    public static ValueTask EnqueueAsync(this IMailQueue queue, QueueEntry entry, CancellationToken cancellationToken) => queue.EnqueueAsync([entry], cancellationToken);
}
