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
}
