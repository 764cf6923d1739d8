using System.Text.Json.Serialization;

namespace Merpati.Administration;

public sealed record QueueRecipientView(string Address, string State, string? Detail);

/// <summary>An entry of the mail queue. States and routes are the lower-case names of their enums.</summary>
public sealed record QueueEntryView(
    string Id,
    string Route,
    string Sender,
    long Size,
    DateTimeOffset AcceptedAt,
    int Attempts,
    DateTimeOffset NextAttemptAt,
    IReadOnlyList<QueueRecipientView> Recipients);

/// <summary>Which entries to act on. All given fields must match; without any, <paramref name="All"/> has to say that all are meant.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record QueueSelection(
    string? Id = null,
    string? Route = null,
    string? State = null,
    string? Sender = null,
    string? Recipient = null,
    DateTimeOffset? AcceptedBefore = null,
    bool All = false,
    string? Reason = null);

/// <summary>The entries that were changed.</summary>
public sealed record QueueChange(IReadOnlyList<string> Changed);

public sealed record QueueCountView(string Route, string State, string Domain, long Recipients);

/// <summary>Recipients ever accepted = closed (by state) + open + unaccounted; unaccounted is 0, or mail was lost.</summary>
public sealed record LedgerView(long Accepted, IReadOnlyDictionary<string, long> Closed, long Open, long Unaccounted);

public sealed record QueueStatus(IReadOnlyList<QueueCountView> Counts, LedgerView Ledger);

public sealed record TraceStepView(DateTimeOffset At, string Step, string? Recipient, string Detail);

/// <summary>The timeline of one message, as far as it is still remembered.</summary>
public sealed record TraceView(
    string QueueId,
    DateTimeOffset? AcceptedAt,
    string? MessageId,
    string? Sender,
    IReadOnlyList<string> Recipients,
    long? Size,
    string? ClientAddress,
    IReadOnlyList<TraceStepView> Steps);
