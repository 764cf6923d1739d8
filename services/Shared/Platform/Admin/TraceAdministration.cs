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
    private const int MaxKeyLength = 1000;

    /// <summary><c>GET trace?of=…</c>: in the query because a Message-ID may hold a slash.</summary>
    public static IEndpointRouteBuilder MapTraceAdministration(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapAdministration().MapGet("/trace", TraceAsync);
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
        Steps(events));

    internal static IReadOnlyList<TraceStepView> Steps(IReadOnlyList<TimelineEvent> events)
        => [.. events.Select(step => new TraceStepView(step.At, step.Step.ToString().ToLowerInvariant(), step.Recipient, step.Detail))];
}
