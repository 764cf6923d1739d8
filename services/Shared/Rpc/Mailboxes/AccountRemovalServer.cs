using Grpc.Core;
using Merpati.Accounts;
using Merpati.Mailboxes;
using Merpati.Rpc.Calls;
using static Merpati.Mailboxes.V1.WireIds;
using Wire = Merpati.Mailboxes.V1;

namespace Merpati.Rpc.Mailboxes;

/// <summary>Serves every <see cref="IAccountRemoval"/> of this process as one.</summary>
internal sealed class AccountRemovalServer(IEnumerable<IAccountRemoval> removals) : Wire.AccountRemovalService.AccountRemovalServiceBase
{
    public override async Task<Wire.RemoveAccountResponse> RemoveAccount(Wire.RemoveAccountRequest request, ServerCallContext context)
    {
        var account = new AccountId(request.AccountId.ToGuid());
        foreach (var removal in removals) await removal.RemoveAsync(account, context.CancellationToken);
        return new Wire.RemoveAccountResponse();
    }
}

/// <summary>What Delivery gives up of an account.</summary>
internal sealed class AccountRemovalClient(Wire.AccountRemovalService.AccountRemovalServiceClient client, Caller caller) : IAccountRemoval
{
    public async ValueTask RemoveAsync(AccountId account, CancellationToken cancellationToken)
        => await caller.AskAsync(CallKind.Repeatable, client.RemoveAccountAsync, new Wire.RemoveAccountRequest { AccountId = account.Value.ToWire() }, cancellationToken);
}
