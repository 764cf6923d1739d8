using Google.Protobuf;
using Grpc.Core;
using Merpati.Accounts.V1;
using Merpati.Mailboxes;
using Merpati.Mailboxes.V1;
using Merpati.Queueing;
using Merpati.Rpc.Serving;
using Merpati.Storage;
using Wire = Merpati.Queueing.V1;

namespace Merpati.Rpc.Queueing;

/// <summary>Serves <see cref="IMailQueue"/>.</summary>
internal sealed class MailQueueServer(IMailQueue queue) : Wire.MailQueueService.MailQueueServiceBase
{
    /// <summary>Entries of one call to <see cref="Lease"/> or <see cref="Browse"/>.</summary>
    private const int MaxLimit = 10_000;

    public override async Task<Wire.EnqueueResponse> Enqueue(Wire.EnqueueRequest request, ServerCallContext context)
    {
        await queue.EnqueueAsync(request.Entry.ToContract(), context.CancellationToken);
        return new Wire.EnqueueResponse();
    }

    public override async Task<Wire.EnqueueAllResponse> EnqueueAll(Wire.EnqueueAllRequest request, ServerCallContext context)
    {
        await queue.EnqueueAsync([.. request.Entries.Select(entry => entry.ToContract())], context.CancellationToken);
        return new Wire.EnqueueAllResponse();
    }

    public override async Task Lease(Wire.LeaseRequest request, IServerStreamWriter<Wire.LeaseResponse> responseStream, ServerCallContext context)
    {
        var wish = new LeaseWish(Limit(request.Limit), Most(request.PerDestination), Most(request.PerSender), request.ExceptDestinations.ToHashSet(StringComparer.Ordinal))
        {
            WellKnown = request.WellKnown.DistinctBy(known => known.Name).ToDictionary(known => known.Name, known => known.Entries, StringComparer.Ordinal),
            MostUnknown = request.HasMostUnknown ? request.MostUnknown : int.MaxValue,
        };
        var leases = await queue.LeaseAsync(request.Route.ToContract(), request.Worker, wish, request.Duration.ToContract(), context.CancellationToken);
        await responseStream.WriteAsync(leases, QueueConversions.ToWire, static (message, lease) => message.Leases.Add(lease), null, context.CancellationToken);
    }

    public override async Task<Wire.ExtendResponse> Extend(Wire.ExtendRequest request, ServerCallContext context)
        => new() { Lease = (await queue.ExtendAsync(request.Lease.ToContract(), request.Duration.ToContract(), context.CancellationToken))?.ToWire() };

    public override async Task<Wire.IntendResponse> Intend(Wire.IntendRequest request, ServerCallContext context)
        => new() { Intended = await queue.IntendAsync(request.Lease.ToContract(), [.. request.Recipients.Select(DirectoryConversions.ToContract)], request.Host, context.CancellationToken) };

    public override async Task<Wire.CompleteResponse> Complete(Wire.CompleteRequest request, ServerCallContext context) => new()
    {
        Completed = await queue.CompleteAsync(
            request.Lease.ToContract(),
            [.. request.Results.Select(QueueConversions.ToContract)],
            request.NextAttemptAt.ToContract(),
            [.. request.Successors.Select(entry => entry.ToContract())],
            context.CancellationToken),
    };

    public override async Task<Wire.GetNextDueResponse> GetNextDue(Wire.GetNextDueRequest request, ServerCallContext context)
        => new() { DueAt = (await queue.NextDueAsync(request.Route.ToContract(), context.CancellationToken))?.ToTimestamp() };

    public override async Task<Wire.FindResponse> Find(Wire.FindRequest request, ServerCallContext context)
        => new() { Entry = (await queue.FindAsync(new QueueId(request.QueueId.ToGuid()), context.CancellationToken))?.ToWire() };

    public override async Task Browse(Wire.BrowseRequest request, IServerStreamWriter<Wire.BrowseResponse> responseStream, ServerCallContext context)
    {
        QueueId? after = request.HasAfterQueueId ? new QueueId(request.AfterQueueId.ToGuid()) : null;
        var entries = await queue.BrowseAsync(request.Filter.ToContract(), after, Limit(request.Limit), context.CancellationToken);
        await responseStream.WriteAsync(entries, QueueConversions.ToWire, static (message, entry) => message.Entries.Add(entry), null, context.CancellationToken);
    }

    public override async Task<Wire.HoldResponse> Hold(Wire.HoldRequest request, ServerCallContext context)
        => new() { QueueIds = { Ids(await queue.HoldAsync(request.Filter.ToContract(), request.Reason, context.CancellationToken)) } };

    public override async Task<Wire.ReleaseResponse> Release(Wire.ReleaseRequest request, ServerCallContext context)
        => new() { QueueIds = { Ids(await queue.ReleaseAsync(request.Filter.ToContract(), context.CancellationToken)) } };

    public override async Task<Wire.RetryNowResponse> RetryNow(Wire.RetryNowRequest request, ServerCallContext context)
        => new() { QueueIds = { Ids(await queue.RetryNowAsync(request.Filter.ToContract(), context.CancellationToken)) } };

    public override async Task<Wire.BounceResponse> Bounce(Wire.BounceRequest request, ServerCallContext context)
        => new() { QueueIds = { Ids(await queue.BounceAsync(request.Filter.ToContract(), request.Reason, context.CancellationToken)) } };

    public override async Task<Wire.DiscardResponse> Discard(Wire.DiscardRequest request, ServerCallContext context)
        => new() { QueueIds = { Ids(await queue.DiscardAsync(request.Filter.ToContract(), request.Reason, context.CancellationToken)) } };

    public override async Task<Wire.CountResponse> Count(Wire.CountRequest request, ServerCallContext context)
        => new() { Counts = { (await queue.CountAsync(context.CancellationToken)).Select(QueueConversions.ToWire) } };

    public override async Task<Wire.GetLedgerResponse> GetLedger(Wire.GetLedgerRequest request, ServerCallContext context)
        => (await queue.LedgerAsync(context.CancellationToken)).ToWire();

    public override async Task<Wire.FindReferencedResponse> FindReferenced(Wire.FindReferencedRequest request, ServerCallContext context)
    {
        var referenced = await queue.FindReferencedAsync([.. request.ContentIds.Select(id => new ContentId(id.ToGuid()))], context.CancellationToken);
        return new() { ContentIds = { referenced.Select(content => content.Value.ToWire()) } };
    }

    private static int Limit(int limit) => limit is >= 0 and <= MaxLimit ? limit : throw new WireFormatException($"A limit is between 0 and {MaxLimit}.");

    /// <summary>A peer of the version before names no number, and means any.</summary>
    private static int Most(int most) => most > 0 ? most : int.MaxValue;

    private static IEnumerable<ByteString> Ids(IEnumerable<QueueId> ids) => ids.Select(id => id.Value.ToWire());
}
