using System.Text.Json;
using Merpati.Administration;
using Merpati.Queueing;
using Merpati.Storage;
using Merpati.Timeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Merpati.Platform.Admin;

/// <summary>The timeline over HTTP: where is my mail?</summary>
public static class TraceAdministration
{
    private const int DefaultLimit = 20;
    private const int MaxLimit = 200;
    private const int MaxDecisions = 1000;
    private const int MaxKeyLength = 1000;

    /// <summary>
    /// <c>GET trace?of=…</c>: in the query because a Message-ID may hold a slash.
    /// <c>GET decisions?since=…&amp;after=…&amp;limit=…</c>: what messages were judged by, in order of time; to go on, name the time and the queue id of the last one.
    /// </summary>
    public static IEndpointRouteBuilder MapTraceAdministration(this IEndpointRouteBuilder endpoints)
    {
        var administration = endpoints.MapAdministration();
        administration.MapGet("/trace", TraceAsync);
        administration.MapGet("/decisions", DecisionsAsync);
        return endpoints;
    }

    private static async Task<IResult> TraceAsync(IJournal journal, string? of, int? limit, CancellationToken cancellationToken)
    {
        if (of is not { Length: > 0 and <= MaxKeyLength }) return Problems.Invalid("Say which message: a queue id, a Message-ID or an address.");
        var traces = QueueId.TryParse(of, out var id)
            ? await TraceOneAsync(journal, id, cancellationToken)
            : await SearchAsync(journal, of, Math.Clamp(limit ?? DefaultLimit, 1, MaxLimit), cancellationToken);
        return traces.Count > 0
            ? Results.Json(traces, AdministrationJson.Default.IReadOnlyListTraceView)
            : Problems.NotFound($"Nothing is remembered of '{of}'.");
    }

    private static async Task<IResult> DecisionsAsync(IJournal journal, DateTimeOffset? since, string? after, int? limit, CancellationToken cancellationToken)
    {
        if (since is not { } from) return Problems.Invalid("Say since when: since=2026-03-01T12:00:00Z.");
        QueueId? last = null;
        if (after is not null)
        {
            if (!QueueId.TryParse(after, out var id)) return Problems.Invalid($"'{after}' is no queue id.");
            last = id;
        }
        var decisions = await journal.DecisionsAsync(from, last, Math.Clamp(limit ?? MaxDecisions, 1, MaxDecisions), cancellationToken);
        return Results.Json([.. decisions.Select(decision => new DecisionView(decision.QueueId.ToString(), decision.At, Json(decision.Decision)))], AdministrationJson.Default.IReadOnlyListDecisionView);
    }

    private static async ValueTask<IReadOnlyList<TraceView>> TraceOneAsync(IJournal journal, QueueId id, CancellationToken cancellationToken)
    {
        var subject = await journal.FindAsync(id, cancellationToken);
        var events = await journal.ReadAsync(id, cancellationToken);
        return subject is null && events.Count == 0 ? [] : [View(id, subject, events)];
    }

    private static async ValueTask<IReadOnlyList<TraceView>> SearchAsync(IJournal journal, string of, int limit, CancellationToken cancellationToken)
    {
        var traces = new List<TraceView>();
        foreach (var subject in await journal.SearchAsync(of, limit, cancellationToken))
        {
            traces.Add(View(subject.QueueId, subject, await journal.ReadAsync(subject.QueueId, cancellationToken)));
        }
        return traces;
    }

    private static TraceView View(QueueId id, TimelineSubject? subject, IReadOnlyList<TimelineEvent> events) => new(
        id.ToString(),
        subject?.At,
        subject?.MessageId,
        subject?.ReversePath,
        subject?.Recipients ?? [],
        subject?.Size,
        subject?.ClientAddress,
        Steps(events))
    {
        Decision = subject?.Decision is { } decision ? Json(decision) : null,
    };

    private static JsonElement Json(string text)
    {
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }

    internal static IReadOnlyList<TraceStepView> Steps(IReadOnlyList<TimelineEvent> events)
        => [.. events.Select(step => new TraceStepView(step.At, step.Step.ToString().ToLowerInvariant(), step.Recipient, step.Detail))];
}
