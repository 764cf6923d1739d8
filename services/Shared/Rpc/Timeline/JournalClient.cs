using Merpati.Mailboxes.V1;
using Merpati.Queueing;
using Merpati.Rpc.Calls;
using Merpati.Rpc.Queueing;
using Merpati.Storage;
using Merpati.Timeline;
using Wire = Merpati.Timeline.V1;

namespace Merpati.Rpc.Timeline;

/// <summary><see cref="IJournal"/> at Delivery. An event that was appended twice would be two events.</summary>
internal sealed class JournalClient(Wire.TimelineService.TimelineServiceClient client, Caller caller) : IJournal
{
    public async ValueTask AppendAsync(TimelineSubject? subject, IReadOnlyList<TimelineEvent> events, CancellationToken cancellationToken)
        => await caller.AskAsync(CallKind.Once, client.AppendAsync, new Wire.AppendRequest { Subject = subject?.ToWire(), Events = { events.Select(TimelineConversions.ToWire) } }, cancellationToken);

    public async ValueTask<IReadOnlyList<TimelineEvent>> ReadAsync(QueueId id, CancellationToken cancellationToken)
    {
        var events = new List<TimelineEvent>();
        await foreach (var response in caller.ReadAsync(CallKind.Question, client.Read, new Wire.ReadRequest { QueueId = id.Value.ToWire() }, cancellationToken)) events.AddRange(response.Events.Select(TimelineConversions.ToContract));
        return events;
    }

    public async ValueTask<TimelineSubject?> FindAsync(QueueId id, CancellationToken cancellationToken)
        => (await caller.AskAsync(CallKind.Question, client.FindAsync, new Wire.FindRequest { QueueId = id.Value.ToWire() }, cancellationToken)).Subject?.ToContract();

    public async ValueTask<IReadOnlyList<TimelineSubject>> SearchAsync(string messageIdOrAddress, int limit, CancellationToken cancellationToken)
    {
        var subjects = new List<TimelineSubject>();
        await foreach (var response in caller.ReadAsync(CallKind.Question, client.Search, new Wire.SearchRequest { Key = messageIdOrAddress, Limit = limit }, cancellationToken)) subjects.AddRange(response.Subjects.Select(TimelineConversions.ToContract));
        return subjects;
    }

    public async ValueTask<IReadOnlyList<TimelineDecision>> DecisionsAsync(DateTimeOffset since, QueueId? after, int limit, CancellationToken cancellationToken)
    {
        var request = new Wire.DecisionsRequest { Since = since.ToTimestamp(), Limit = limit };
        if (after is { } id) request.After = id.Value.ToWire();
        var decisions = new List<TimelineDecision>();
        await foreach (var response in caller.ReadAsync(CallKind.Question, client.Decisions, request, cancellationToken)) decisions.AddRange(response.Decisions.Select(TimelineConversions.ToContract));
        return decisions;
    }

    public async ValueTask<int> ForgetAsync(DateTimeOffset before, CancellationToken cancellationToken)
        => (await caller.AskAsync(CallKind.Once, client.ForgetAsync, new Wire.ForgetRequest { Before = before.ToTimestamp() }, cancellationToken)).Messages;
}
