using System.Text;
using Merpati.Administration;
using Merpati.Envelopes;
using Merpati.Mail;
using Merpati.Mailboxes;
using Merpati.Queueing;
using Merpati.Storage;
using Merpati.Timeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Merpati.Platform.Admin;

/// <summary>
/// The queue over HTTP. It speaks to the storage contract alone and belongs to no single service: in a cluster any of them that holds the queue may serve it.
/// </summary>
public static class QueueAdministration
{
    private const int DefaultLimit = 100;
    private const int MaxLimit = 1000;

    private delegate ValueTask<IReadOnlyList<QueueId>> QueueAction(IMailQueue queue, QueueFilter filter, string reason, CancellationToken cancellationToken);

    public static IEndpointRouteBuilder MapQueueAdministration(this IEndpointRouteBuilder endpoints)
    {
        var queue = endpoints.MapAdministration(changes: AdminRole.Operator).MapGroup("/queue");
        queue.MapGet("", ListAsync);
        queue.MapGet("/status", StatusAsync);
        queue.MapGet("/{id}", ShowAsync);
        queue.MapGet("/{id}/text", ReadAsync).ReadsMail();
        MapAction(queue, "hold", TimelineStep.Held, static (q, filter, reason, ct) => q.HoldAsync(filter, reason, ct));
        MapAction(queue, "release", TimelineStep.Released, static (q, filter, _, ct) => q.ReleaseAsync(filter, ct));
        // What comes of these two the attempt tells that follows.
        MapAction(queue, "retry", null, static (q, filter, _, ct) => q.RetryNowAsync(filter, ct));
        MapAction(queue, "bounce", null, static (q, filter, reason, ct) => q.BounceAsync(filter, reason, ct));
        MapAction(queue, "discard", TimelineStep.Discarded, static (q, filter, reason, ct) => q.DiscardAsync(filter, reason, ct));
        return endpoints;
    }

    private static async Task<IResult> ListAsync(
        IMailQueue queue,
        string? id,
        string? route,
        string? state,
        string? sender,
        string? recipient,
        string? domain,
        string? submitter,
        string? reply,
        DateTimeOffset? acceptedBefore,
        string? after,
        int? limit,
        CancellationToken cancellationToken)
    {
        if (!TryFilter(new QueueSelection(id, route, state, sender, recipient, acceptedBefore, Domain: domain, Submitter: submitter, Reply: reply), out var filter, out var reason)) return Problems.Invalid(reason);
        QueueId? last = null;
        if (after is not null)
        {
            if (!QueueId.TryParse(after, out var parsed)) return Problems.Invalid($"'{after}' is not a queue id: it has 32 hexadecimal digits.");
            last = parsed;
        }
        var entries = await queue.BrowseAsync(filter, last, Math.Clamp(limit ?? DefaultLimit, 1, MaxLimit), cancellationToken);
        return Results.Json([.. entries.Select(View)], AdministrationJson.Default.IReadOnlyListQueueEntryView);
    }

    private static async Task<IResult> ShowAsync(string id, IMailQueue queue, IQueuedHeaders headers, IJournal journal, CancellationToken cancellationToken)
    {
        if (!QueueId.TryParse(id, out var queueId)) return Problems.Invalid($"'{id}' is not a queue id: it has 32 hexadecimal digits.");
        if (await queue.FindAsync(queueId, cancellationToken) is not { } entry) return Problems.NotFound($"No entry {id} is in the queue. What became of it: merpati trace {id}");
        string? header = null, problem = null;
        try
        {
            if (await headers.ReadAsync(queueId, cancellationToken) is { } octets) header = Encoding.UTF8.GetString(octets.Span);
        }
        catch (ContentDamagedException damage) { problem = damage.Message; }
        var steps = TraceAdministration.Steps(await journal.ReadAsync(queueId, cancellationToken));
        var view = View(entry);
        var details = new QueueEntryDetails(view.Id, view.Route, view.Sender, view.Size, view.AcceptedAt, view.Attempts, view.NextAttemptAt, view.Recipients, Envelope(entry), header, problem, steps);
        return Results.Json(details, AdministrationJson.Default.QueueEntryDetails);
    }

    /// <summary>What the message says, as harmless text.</summary>
    private static async Task<IResult> ReadAsync(string id, IMailQueue queue, IQueuedHeaders messages, CancellationToken cancellationToken)
    {
        if (!QueueId.TryParse(id, out var queueId)) return Problems.Invalid($"'{id}' is not a queue id: it has 32 hexadecimal digits.");
        if (await queue.FindAsync(queueId, cancellationToken) is not { } entry) return Problems.NotFound($"No entry {id} is in the queue. What became of it: merpati trace {id}");
        try
        {
            if (await messages.ReadBeginningAsync(queueId, cancellationToken) is not { } octets) return Problems.NotFound($"No entry {id} is in the queue. What became of it: merpati trace {id}");
            var text = SafeText.Of(octets, octets.Length >= entry.Size);
            return Results.Json(new QueuedTextView(id, View(entry).Sender, text.From, text.To, text.Subject, text.Text, text.Attachments, text.IsCut), AdministrationJson.Default.QueuedTextView);
        }
        catch (ContentDamagedException damage) { return Problems.Invalid(damage.Message); }
    }

    private static async Task<IResult> StatusAsync(IMailQueue queue, CancellationToken cancellationToken)
    {
        var counts = await queue.CountAsync(cancellationToken);
        var ledger = await queue.LedgerAsync(cancellationToken);
        var status = new QueueStatus(
            [.. counts.Select(count => new QueueCountView(Word(count.Route), Word(count.State), count.Domain, count.Recipients))],
            new LedgerView(ledger.Accepted, ledger.Closed.ToDictionary(closed => Word(closed.Key), closed => closed.Value), ledger.Open, ledger.Unaccounted));
        return Results.Json(status, AdministrationJson.Default.QueueStatus);
    }

    /// <param name="step">What the timelines of the messages are told.</param>
    private static void MapAction(RouteGroupBuilder group, string name, TimelineStep? step, QueueAction action)
        => group.MapPost($"/{name}", (HttpRequest request, IMailQueue queue, IJournal journal, TimeProvider time, CancellationToken cancellationToken) => RequestBody.ReadAsync(request, AdministrationJson.Default.QueueSelection, async selection =>
        {
            if (!TryFilter(selection, out var filter, out var reason)) return Problems.Invalid(reason);
            // A filter that was forgotten must not empty the queue.
            if (filter == new QueueFilter() && !selection.All) return Problems.Invalid("Say which entries: an id, a filter, or all of them.");
            var why = Reason(name, selection, AdminIdentity.NameOf(request.HttpContext));
            var at = time.GetUtcNow();
            var changed = await action(queue, filter, why, cancellationToken);
            if (step is { } told && changed.Count > 0) await journal.AppendAsync(null, [.. changed.Select(queueId => new TimelineEvent(queueId, at, told, null, why))], cancellationToken);
            if (changed.Count > 0 && request.HttpContext.RequestServices.GetService<IQueueBell>() is { } bell)
            {
                foreach (var route in Enum.GetValues<QueueRoute>()) bell.Ring(route);
            }
            return changed.Count == 0 && filter.Id is { } id && await queue.FindAsync(id, cancellationToken) is null
                ? Problems.NotFound($"No entry {id} is in the queue. What became of it: merpati trace {id}")
                : Results.Json(new QueueChange([.. changed.Select(queueId => queueId.ToString())]), AdministrationJson.Default.QueueChange);
        }, cancellationToken));

    private static string Reason(string action, QueueSelection selection, string who)
        => selection.Reason is { Length: > 0 } given ? $"{given} ({action} by {who})" : $"{action} by {who}";

    private static bool TryFilter(QueueSelection selection, out QueueFilter filter, out string reason)
    {
        filter = new QueueFilter { Sender = selection.Sender, Recipient = selection.Recipient, AcceptedBefore = selection.AcceptedBefore, Domain = selection.Domain, Reply = selection.Reply };
        reason = "";
        if (selection.Id is not null)
        {
            if (!QueueId.TryParse(selection.Id, out var id)) reason = $"'{selection.Id}' is not a queue id: it has 32 hexadecimal digits.";
            filter = filter with { Id = id };
        }
        if (selection.Submitter is not null)
        {
            if (!Guid.TryParse(selection.Submitter, out var submitter)) reason = $"'{selection.Submitter}' is not the id of an account; merpati account show prints it.";
            filter = filter with { Submitter = new AccountId(submitter) };
        }
        if (selection.Route is not null)
        {
            if (!TryWord<QueueRoute>(selection.Route, out var route)) reason = $"'{selection.Route}' is not a route: {Words<QueueRoute>()}.";
            filter = filter with { Route = route };
        }
        if (selection.State is not null)
        {
            if (!TryWord<RecipientState>(selection.State, out var state)) reason = $"'{selection.State}' is not a state: {Words<RecipientState>()}.";
            filter = filter with { State = state };
        }
        return reason.Length == 0;
    }

    private static QueueEntryView View(QueueEntry entry) => new(
        entry.Id.ToString(),
        Word(entry.Route),
        entry.ReversePath.Address?.ToString() ?? "<>",
        entry.Size,
        entry.AcceptedAt,
        entry.Attempts,
        entry.NextAttemptAt,
        [.. entry.Recipients.Select(recipient => new QueueRecipientView(recipient.Recipient.Address.ToString(), Word(recipient.State), recipient.Detail))]);

    private static QueueEnvelopeView Envelope(QueueEntry entry) => new(
        entry.Body switch { BodyType.EightBitMime => "8bitmime", BodyType.BinaryMime => "binarymime", _ => "7bit" },
        entry.SmtpUtf8,
        entry.Return switch { DsnReturn.Full => "FULL", DsnReturn.Headers => "HDRS", _ => null },
        entry.EnvelopeId,
        entry.Submitter?.ToString(),
        [.. entry.Recipients.Select(recipient => new QueueDsnView(
            recipient.Recipient.Address.ToString(),
            recipient.Recipient.Notify == DsnNotify.Unspecified ? null : recipient.Recipient.Notify.ToString().Replace(" ", "", StringComparison.Ordinal).ToUpperInvariant(),
            recipient.Recipient.OriginalRecipient))]);

    private static string Word<T>(T value)
        where T : struct, Enum
        => value.ToString().ToLowerInvariant();

    /// <summary>By name only: <see cref="Enum.TryParse{TEnum}(string, bool, out TEnum)"/> alone would take numbers as well.</summary>
    private static bool TryWord<T>(string text, out T value)
        where T : struct, Enum
    {
        value = default;
        return Enum.GetNames<T>().Contains(text, StringComparer.OrdinalIgnoreCase) && Enum.TryParse(text, ignoreCase: true, out value);
    }

    private static string Words<T>()
        where T : struct, Enum
        => string.Join(", ", Enum.GetNames<T>().Select(name => name.ToLowerInvariant()));
}
