using Grpc.Core;
using Merpati.Mailboxes.V1;
using Merpati.Queueing;
using Merpati.Rpc.Queueing;
using Merpati.Rpc.Serving;
using Merpati.Storage;
using Wire = Merpati.Timeline.V1;

namespace Merpati.Rpc.Timeline;

/// <summary>Serves <see cref="IJournal"/>.</summary>
internal sealed class TimelineServer(IJournal journal) : Wire.TimelineService.TimelineServiceBase
{
    private const int MaxLimit = 10_000;

    public override async Task<Wire.AppendResponse> Append(Wire.AppendRequest request, ServerCallContext context)
    {
        await journal.AppendAsync(request.Subject?.ToContract(), [.. request.Events.Select(TimelineConversions.ToContract)], context.CancellationToken);
        return new Wire.AppendResponse();
    }

    public override async Task Read(Wire.ReadRequest request, IServerStreamWriter<Wire.ReadResponse> responseStream, ServerCallContext context)
    {
        var events = await journal.ReadAsync(new QueueId(request.QueueId.ToGuid()), context.CancellationToken);
        await responseStream.WriteAsync(events, TimelineConversions.ToWire, static (message, step) => message.Events.Add(step), null, context.CancellationToken);
    }

    public override async Task<Wire.FindResponse> Find(Wire.FindRequest request, ServerCallContext context)
        => new() { Subject = (await journal.FindAsync(new QueueId(request.QueueId.ToGuid()), context.CancellationToken))?.ToWire() };

    public override async Task Search(Wire.SearchRequest request, IServerStreamWriter<Wire.SearchResponse> responseStream, ServerCallContext context)
    {
        if (request.Limit is < 0 or > MaxLimit) throw new WireFormatException($"A limit is between 0 and {MaxLimit}.");
        var subjects = await journal.SearchAsync(request.Key, request.Limit, context.CancellationToken);
        await responseStream.WriteAsync(subjects, TimelineConversions.ToWire, static (message, subject) => message.Subjects.Add(subject), null, context.CancellationToken);
    }

    public override async Task Decisions(Wire.DecisionsRequest request, IServerStreamWriter<Wire.DecisionsResponse> responseStream, ServerCallContext context)
    {
        if (request.Limit is < 0 or > MaxLimit) throw new WireFormatException($"A limit is between 0 and {MaxLimit}.");
        var decisions = await journal.DecisionsAsync(request.Since.ToContract(), request.After.IsEmpty ? null : new QueueId(request.After.ToGuid()), request.Limit, context.CancellationToken);
        await responseStream.WriteAsync(decisions, TimelineConversions.ToWire, static (message, decision) => message.Decisions.Add(decision), null, context.CancellationToken);
    }

    public override async Task<Wire.ForgetResponse> Forget(Wire.ForgetRequest request, ServerCallContext context)
        => new() { Messages = await journal.ForgetAsync(request.Before.ToContract(), context.CancellationToken) };
}
