using Grpc.Core;
using Merpati.Mailboxes;
using static Merpati.Mailboxes.V1.GrantConversions;
using static Merpati.Mailboxes.V1.MailboxConversions;
using static Merpati.Mailboxes.V1.WireIds;
using Wire = Merpati.Mailboxes.V1;

namespace Merpati.Rpc.Mailboxes;

internal sealed partial class MailboxesServer
{
    public override async Task<Wire.ListGrantsResponse> ListGrants(Wire.ListGrantsRequest request, ServerCallContext context)
    {
        var grants = await mailboxes.GrantsAsync(Account(request.AccountId), request.HasMailboxId ? Mailbox(request.MailboxId) : null, context.CancellationToken);
        return new Wire.ListGrantsResponse { Grants = { grants.Select(Wire.GrantConversions.ToWire) } };
    }

    public override async Task<Wire.GrantResponse> Grant(Wire.GrantRequest request, ServerCallContext context)
        => new() { Outcome = (await mailboxes.GrantAsync(Account(request.AccountId), Mailbox(request.MailboxId), [.. request.Changes.Select(Wire.GrantConversions.ToContract)], context.CancellationToken)).ToWire() };

    public override async Task<Wire.ListSharersResponse> ListSharers(Wire.ListSharersRequest request, ServerCallContext context)
    {
        var sharers = await mailboxes.SharersAsync([.. request.Grantees.Select(ToGrantee)], context.CancellationToken);
        return new Wire.ListSharersResponse { AccountIds = { sharers.Select(account => account.Value.ToWire()) } };
    }

    public override async Task<Wire.TransferMessagesResponse> TransferMessages(Wire.TransferMessagesRequest request, ServerCallContext context)
    {
        var destination = new MailboxPlace(Account(request.DestinationAccountId), Mailbox(request.DestinationMailboxId));
        var outcome = await mailboxes.TransferAsync(Account(request.AccountId), Mailbox(request.SourceMailboxId), request.Uids.ToContract(), destination, ToRights(request.Rights), request.Move, context.CancellationToken);
        return outcome.ToTransferResponse();
    }
}
