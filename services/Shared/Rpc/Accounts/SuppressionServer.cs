using Grpc.Core;
using Merpati.Accounts.V1;
using Merpati.Relaying;
using Wire = Merpati.Accounts.V1;

namespace Merpati.Rpc.Accounts;

/// <summary>Serves <see cref="ISuppressionList"/>.</summary>
internal sealed class SuppressionServer(ISuppressionList list) : SuppressionService.SuppressionServiceBase
{
    private const int MaxLimit = 10_000;

    public override async Task<PutSuppressionResponse> PutSuppression(PutSuppressionRequest request, ServerCallContext context)
    {
        await list.PutAsync(request.Suppression.ToContract(), context.CancellationToken);
        return new PutSuppressionResponse();
    }

    public override async Task<RemoveSuppressionResponse> RemoveSuppression(RemoveSuppressionRequest request, ServerCallContext context)
        => new() { Removed = await list.RemoveAsync(request.Pattern, context.CancellationToken) };

    public override async Task<FindSuppressionsResponse> FindSuppressions(FindSuppressionsRequest request, ServerCallContext context)
    {
        var found = await list.FindAsync([.. request.Recipients.Select(recipient => recipient.ToContract())], request.Sender?.ToContract(), context.CancellationToken);
        return new() { Suppressed = { found.Select(pair => new SuppressedRecipient { Recipient = pair.Key.ToWire(), Suppression = pair.Value.ToWire() }) } };
    }

    public override async Task<ListSuppressionsResponse> ListSuppressions(ListSuppressionsRequest request, ServerCallContext context)
    {
        var found = await list.ListAsync(request.HasContains ? request.Contains : null, request.HasAfter ? request.After : null, Math.Clamp(request.Limit, 0, MaxLimit), context.CancellationToken);
        return new() { Suppressions = { found.Select(SuppressionConversions.ToWire) } };
    }
}
