using Merpati.Envelopes;
using Merpati.Addresses;
using Merpati.Mailboxes;
using Merpati.Queueing;

namespace Merpati.Storage;

/// <summary>Which service works on an entry. The numbers are stored: never change them.</summary>
public enum QueueRoute
{
    Local = 0,
    Relay = 1,
}

/// <summary>The state of one recipient of an entry. The numbers are stored: never change them.</summary>
public enum RecipientState
{
    /// <summary>Open: waiting or being worked on.</summary>
    Queued = 0,

    /// <summary>Open: waits for a person.</summary>
    Held = 1,

    /// <summary>Closed: in the mailbox, or in every mailbox that its alias names.</summary>
    Delivered = 2,

    /// <summary>Closed: the next hop took it.</summary>
    Relayed = 3,

    /// <summary>Closed: failed for good; the sender was told, or must not be (null reverse-path, NOTIFY=NEVER).</summary>
    Bounced = 4,

    /// <summary>Closed.</summary>
    Quarantined = 5,

    /// <summary>Closed by a named policy or a person.</summary>
    Discarded = 6,
}

/// <summary>One recipient and how far it is.</summary>
public sealed record QueueRecipient
{
    public required EnvelopeRecipient Recipient { get; init; }

    public RecipientState State { get; init; }

    /// <summary>The last word on it: a reply, a reason, a policy's name. With an enhanced status code where there is one.</summary>
    public string? Detail { get; init; }
}

/// <summary>A message that we have promised to bring on (design §2).</summary>
public sealed record QueueEntry
{
    public required QueueId Id { get; init; }

    public required QueueRoute Route { get; init; }

    public required ContentId Content { get; init; }

    /// <summary>Octets of the content.</summary>
    public required long Size { get; init; }

    /// <summary>
    /// Headers that acceptance adds on top of the content, each with CRLF: Received, and on submission a missing Date or Message-ID.
    /// The content itself is never touched.
    /// </summary>
    public required ReadOnlyMemory<byte> TraceHeaders { get; init; }

    public required ReversePath ReversePath { get; init; }

    public BodyType Body { get; init; }

    public bool SmtpUtf8 { get; init; }

    public DsnReturn Return { get; init; }

    public string? EnvelopeId { get; init; }

    public required IReadOnlyList<QueueRecipient> Recipients { get; init; }

    /// <summary>The account that submitted it; null for mail from outside and from ourselves.</summary>
    public AccountId? Submitter { get; init; }

    public required DateTimeOffset AcceptedAt { get; init; }

    public int Attempts { get; init; }

    public DateTimeOffset NextAttemptAt { get; init; }

    /// <summary>W3C traceparent of the acceptance; later work links to it.</summary>
    public string? TraceParent { get; init; }
}

/// <summary>The right to work on an entry until it expires. The token is the fence: a write with an older one is refused.</summary>
public sealed record QueueLease(QueueEntry Entry, string Worker, long Token, DateTimeOffset ExpiresAt);

/// <summary>What became of a recipient in an attempt.</summary>
public sealed record RecipientResult(EmailAddress Recipient, RecipientState State, string? Detail);

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

    public DateTimeOffset? AcceptedBefore { get; init; }
}

/// <summary>Open recipients of one route, state and domain.</summary>
public sealed record QueueCount(QueueRoute Route, RecipientState State, string Domain, long Recipients);

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
    /// <summary>Puts the entry in; with an id that exists already it does nothing (a repeated call is no second message). At least one recipient must be open.</summary>
    ValueTask EnqueueAsync(QueueEntry entry, CancellationToken cancellationToken);

    /// <summary>
    /// Takes up to <paramref name="limit"/> entries of the route that have queued recipients, are due, and are not leased or whose lease has expired; the longest due first.
    /// Each gets a new, higher token, and its attempt count goes up.
    /// </summary>
    ValueTask<IReadOnlyList<QueueLease>> LeaseAsync(QueueRoute route, string worker, int limit, TimeSpan duration, CancellationToken cancellationToken);

    /// <summary>An expiry counted from now; null when the lease was lost: taken by another worker, or taken away by a hold. An expired lease that nobody took is still good.</summary>
    ValueTask<QueueLease?> ExtendAsync(QueueLease lease, TimeSpan duration, CancellationToken cancellationToken);

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

    /// <summary>Closes all open recipients as <see cref="RecipientState.Discarded"/> with the reason. Entries under a live lease are left alone.</summary>
    ValueTask<IReadOnlyList<QueueId>> DiscardAsync(QueueFilter filter, string reason, CancellationToken cancellationToken);

    /// <summary>Open recipients by route, state and domain.</summary>
    ValueTask<IReadOnlyList<QueueCount>> CountAsync(CancellationToken cancellationToken);

    ValueTask<Ledger> LedgerAsync(CancellationToken cancellationToken);

    /// <summary>Which of these contents an entry still needs.</summary>
    ValueTask<IReadOnlySet<ContentId>> FindReferencedAsync(IReadOnlyList<ContentId> contents, CancellationToken cancellationToken);
}
