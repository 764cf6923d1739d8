using Google.Protobuf;
using Grpc.Core;
using Merpati.Queueing;
using Merpati.Mailboxes.V1;
using Merpati.Storage;
using Wire = Merpati.Queueing.V1;

namespace Merpati.Rpc.Queueing;

/// <summary>Serves <see cref="IQueuedHeaders"/>.</summary>
internal sealed class QueuedHeaderServer(IQueuedHeaders headers) : Wire.QueuedHeaderService.QueuedHeaderServiceBase
{
    public override async Task<Wire.ReadHeaderResponse> ReadHeader(Wire.ReadHeaderRequest request, ServerCallContext context)
    {
        var response = new Wire.ReadHeaderResponse();
        if (await headers.ReadAsync(new QueueId(request.QueueId.ToGuid()), context.CancellationToken) is { } header) response.Header = UnsafeByteOperations.UnsafeWrap(header);
        return response;
    }

    public override async Task<Wire.ReadBeginningResponse> ReadBeginning(Wire.ReadBeginningRequest request, ServerCallContext context)
    {
        var response = new Wire.ReadBeginningResponse();
        if (await headers.ReadBeginningAsync(new QueueId(request.QueueId.ToGuid()), context.CancellationToken) is { } octets) response.Octets = UnsafeByteOperations.UnsafeWrap(octets);
        return response;
    }
}
