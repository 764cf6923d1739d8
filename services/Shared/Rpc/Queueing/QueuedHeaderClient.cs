using Merpati.Mailboxes.V1;
using Merpati.Queueing;
using Merpati.Rpc.Calls;
using Merpati.Storage;
using Wire = Merpati.Queueing.V1;

namespace Merpati.Rpc.Queueing;

/// <summary><see cref="IQueuedHeaders"/> at Delivery.</summary>
internal sealed class QueuedHeaderClient(Wire.QueuedHeaderService.QueuedHeaderServiceClient client, Caller caller) : IQueuedHeaders
{
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(QueueId id, CancellationToken cancellationToken)
    {
        var response = await caller.AskAsync(CallKind.Question, client.ReadHeaderAsync, new Wire.ReadHeaderRequest { QueueId = id.Value.ToWire() }, cancellationToken);
        return response.HasHeader ? response.Header.Memory : null;
    }

    public async ValueTask<ReadOnlyMemory<byte>?> ReadBeginningAsync(QueueId id, CancellationToken cancellationToken)
    {
        var response = await caller.AskAsync(CallKind.Question, client.ReadBeginningAsync, new Wire.ReadBeginningRequest { QueueId = id.Value.ToWire() }, cancellationToken);
        return response.HasOctets ? response.Octets.Memory : null;
    }
}
