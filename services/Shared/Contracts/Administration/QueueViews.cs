using System.Text.Json;
using System.Text.Json.Serialization;

namespace Merpati.Administration;

public sealed record QueueRecipientView(string Address, string State, string? Detail);

/// <summary>An entry of the mail queue. States and routes are the lower-case names of their enums.</summary>
public record QueueEntryView(
    string Id,
    string Route,
    string Sender,
    long Size,
    DateTimeOffset AcceptedAt,
    int Attempts,
    DateTimeOffset NextAttemptAt,
    IReadOnlyList<QueueRecipientView> Recipients);

/// <summary>An entry with all that is known of it.</summary>
/// <param name="Envelope">What the sender asked for beyond sender and recipients.</param>
/// <param name="Header">The message's header as text, with what acceptance put on top; null when it cannot be read, and <paramref name="HeaderProblem"/> says why.</param>
/// <param name="Steps">Its timeline: every attempt with the remote server's own words.</param>
public sealed record QueueEntryDetails(
    string Id,
    string Route,
    string Sender,
    long Size,
    DateTimeOffset AcceptedAt,
    int Attempts,
    DateTimeOffset NextAttemptAt,
    IReadOnlyList<QueueRecipientView> Recipients,
    QueueEnvelopeView Envelope,
    string? Header,
    string? HeaderProblem,
    IReadOnlyList<TraceStepView> Steps) : QueueEntryView(Id, Route, Sender, Size, AcceptedAt, Attempts, NextAttemptAt, Recipients);

/// <summary>A message as harmless text.</summary>
/// <param name="Sender">The reverse-path; the other addresses are what the message says of itself.</param>
/// <param name="IsCut">There is more of it.</param>
public sealed record QueuedTextView(string Id, string Sender, string From, string To, string Subject, string Text, IReadOnlyList<string> Attachments, bool IsCut);

/// <summary>The envelope beyond sender and recipients.</summary>
/// <param name="Body">BODY of MAIL FROM: 7bit, 8bitmime or binarymime.</param>
/// <param name="Return">RET, null when not given.</param>
/// <param name="EnvelopeId">ENVID, xtext.</param>
/// <param name="Submitter">The account that sent it; null for mail from outside and our own.</param>
public sealed record QueueEnvelopeView(string Body, bool SmtpUtf8, string? Return, string? EnvelopeId, string? Submitter, IReadOnlyList<QueueDsnView> Recipients);

/// <summary>What a recipient's sender wants to be told (RFC 3461).</summary>
/// <param name="Notify">As in RCPT TO, such as SUCCESS,FAILURE; null when not given.</param>
public sealed record QueueDsnView(string Address, string? Notify, string? OriginalRecipient);

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
    string? Reason = null,
    string? Domain = null,
    string? Submitter = null,
    string? Reply = null);

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
    IReadOnlyList<TraceStepView> Steps)
{
    /// <summary>What the message was judged by and what came out; null when it was not judged.</summary>
    public JsonElement? Decision { get; init; }
}

/// <summary>A message that was judged.</summary>
/// <param name="Decision">The version of the policy, the facts and the verdict.</param>
public sealed record DecisionView(string QueueId, DateTimeOffset At, JsonElement Decision);

/// <summary>What another policy would have decided.</summary>
/// <param name="Policy">The version of the other policy.</param>
/// <param name="Messages">Messages that were judged in that time.</param>
/// <param name="Unfaithful">Messages that this very policy judged, and whose verdict it does not give again: always 0.</param>
public sealed record PolicyDifferences(string Policy, DateTimeOffset Since, long Messages, long Changed, long Unfaithful, IReadOnlyList<PolicyDifference> Differences);

/// <summary>Messages that would change in the same way.</summary>
/// <param name="Examples">Queue ids of some of them, the newest last.</param>
public sealed record PolicyDifference(string From, string FromRule, string To, string ToRule, long Messages, IReadOnlyList<string> Examples);

/// <summary>The tests beside a policy.</summary>
/// <param name="Failures">Those that failed, with what came out.</param>
public sealed record PolicyTestView(string Name, string Version, int Rules, int Tests, IReadOnlyList<PolicyTestFailureView> Failures);

public sealed record PolicyTestFailureView(string Test, string Expected, string? ExpectedRule, string Action, string Rule);
