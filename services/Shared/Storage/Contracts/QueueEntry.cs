using Merpati.Addresses;
using Merpati.Envelopes;
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

/// <summary>The message is about to be, or was, sent to its end to a host.</summary>
/// <param name="Host">The name of the host.</param>
public sealed record RelayIntent(string Host, DateTimeOffset At);

/// <summary>One recipient and how far it is.</summary>
public sealed record QueueRecipient
{
    public required EnvelopeRecipient Recipient { get; init; }

    public RecipientState State { get; init; }

    /// <summary>The last word on it: a reply, a reason, a policy's name. With an enhanced status code where there is one.</summary>
    public string? Detail { get; init; }

    /// <summary>The reason of a person who wants it back with the sender: whoever works on the entry next makes the report and closes the recipient, whatever else could be tried.</summary>
    public string? BounceRequested { get; init; }

    /// <summary>The sender was told that it is late, and is not told again.</summary>
    public bool DelayReported { get; init; }

    /// <summary>An attempt came to the end of the message and its outcome is not known, as it was cut off there: the next one may double it. Null as long as that is not so.</summary>
    public RelayIntent? Intent { get; init; }
}

/// <summary>A message that we have promised to bring on (design §2).</summary>
public sealed record QueueEntry
{
    public required QueueId Id { get; init; }

    public required QueueRoute Route { get; init; }

    /// <summary>
    /// Of a relay entry: the domain of all its recipients in A-labels and lower case, or the address literal with its brackets. Null of a local one.
    /// </summary>
    public string? Destination { get; init; }

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

    /// <summary>REQUIRETLS (RFC 8689): it goes on over verified TLS to who offers the same, or it comes back.</summary>
    public bool RequireTls { get; init; }

    /// <summary><c>TLS-Required: No</c> (RFC 8689 §3): its author wants it to go even where DANE or MTA-STS forbid that. Never together with <see cref="RequireTls"/>.</summary>
    public bool TlsOptional { get; init; }

    /// <summary>MT-PRIORITY (RFC 6710): -9 to 9, the higher the sooner.</summary>
    public int Priority { get; init; }

    public DeliverBy? DeliverBy { get; init; }

    public required IReadOnlyList<QueueRecipient> Recipients { get; init; }

    /// <summary>The account that submitted it; null for mail from outside and from ourselves.</summary>
    public AccountId? Submitter { get; init; }

    public required DateTimeOffset AcceptedAt { get; init; }

    public int Attempts { get; init; }

    /// <summary>Of a new entry: when it may be worked on first, later than <see cref="AcceptedAt"/> when the sender asked for that (FUTURERELEASE, RFC 4865).</summary>
    public DateTimeOffset NextAttemptAt { get; init; }

    /// <summary>The sender was told of a delay, for some recipient at least.</summary>
    public bool DelayReported => Recipients.Any(static recipient => recipient.DelayReported);

    /// <summary>W3C traceparent of the acceptance; later work links to it.</summary>
    public string? TraceParent { get; init; }
}
