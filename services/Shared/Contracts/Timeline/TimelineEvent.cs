using Merpati.Queueing;

namespace Merpati.Timeline;

/// <summary>A step in the life of a message. The numbers are stored: never change them.</summary>
public enum TimelineStep
{
    /// <summary>The 250 was given; detail names the peer and the protocol (ESMTPSA…).</summary>
    Accepted = 1,

    Queued = 2,

    Leased = 3,

    /// <summary>An attempt that did not end it; detail is the reason and the next attempt.</summary>
    Deferred = 4,

    /// <summary>In a mailbox; detail is mailbox and UID.</summary>
    Delivered = 5,

    Relayed = 6,

    Bounced = 7,

    Held = 8,

    Released = 9,

    Quarantined = 10,

    /// <summary>Detail is the policy's name.</summary>
    Discarded = 11,

    /// <summary>An alias was followed; detail is from and to.</summary>
    Expanded = 12,

    /// <summary>A DSN was made; detail is its queue id.</summary>
    Reported = 13,

    /// <summary>An IMAP session was told.</summary>
    Announced = 14,

    /// <summary>A client read the body for the first time.</summary>
    FirstFetched = 15,

    /// <summary>Refused after DATA; no promise was made.</summary>
    Refused = 16,

    /// <summary>A server was tried; detail is the server, how the connection was protected, and its reply.</summary>
    Attempted = 17,
}

/// <summary>One line of the timeline.</summary>
/// <param name="Recipient">The recipient concerned, null for all.</param>
/// <param name="Detail">Words for a person; no body text, no secret.</param>
public sealed record TimelineEvent(QueueId QueueId, DateTimeOffset At, TimelineStep Step, string? Recipient, string Detail);

/// <summary>What a message is searched by; written with the Accepted event.</summary>
public sealed record TimelineSubject(QueueId QueueId, DateTimeOffset At, string? MessageId, string ReversePath, IReadOnlyList<string> Recipients, long Size, string? ClientAddress)
{
    /// <summary>What the message was judged by and what came out, as JSON (a decision capsule); null when it was not judged.</summary>
    public string? Decision { get; init; }
}

/// <summary>A message that was judged.</summary>
/// <param name="Decision">The capsule, as in <see cref="TimelineSubject.Decision"/>.</param>
public sealed record TimelineDecision(QueueId QueueId, DateTimeOffset At, string Decision);
