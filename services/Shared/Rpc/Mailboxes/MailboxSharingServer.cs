using Grpc.Core;
using Merpati.Mailboxes;
using Merpati.Rpc.Calls;
using Merpati.Rpc.Serving;
using static Merpati.Mailboxes.V1.GrantConversions;
using static Merpati.Mailboxes.V1.WireIds;
using Wire = Merpati.Mailboxes.V1;

namespace Merpati.Rpc.Mailboxes;

/// <summary>Serves <see cref="IMailboxSharing"/>.</summary>
internal sealed class MailboxSharingServer(IMailboxSharing sharing) : Wire.MailboxSharingService.MailboxSharingServiceBase
{
    public override async Task<Wire.ListSharedResponse> ListShared(Wire.ListSharedRequest request, ServerCallContext context)
    {
        var shared = await sharing.SharedAsync(new AccountId(request.AccountId.ToGuid()), context.CancellationToken);
        return new Wire.ListSharedResponse { Mailboxes = { shared.Select(mailbox => new Wire.SharedMailbox { Name = mailbox.Name.Value, Grants = { mailbox.Grants.Select(Wire.GrantConversions.ToWire) } }) } };
    }

    public override async Task<Wire.ShareResponse> Share(Wire.ShareRequest request, ServerCallContext context)
    {
        MailboxName? mailbox = request.HasMailbox ? ToName(request.Mailbox) : null;
        return new Wire.ShareResponse { Outcome = (await sharing.ShareAsync(new AccountId(request.AccountId.ToGuid()), mailbox, ToGrantee(request.Grantee), ToRights(request.Rights), context.CancellationToken)).ToWire() };
    }

    internal static MailboxName ToName(string text) => MailboxName.TryParse(text, out var name) ? name : throw new Wire.WireFormatException("That is no name of a mailbox.");
}

/// <summary><see cref="IMailboxSharing"/> at Delivery.</summary>
internal sealed class MailboxSharingClient(Wire.MailboxSharingService.MailboxSharingServiceClient client, Caller caller) : IMailboxSharing
{
    public async ValueTask<IReadOnlyList<SharedMailbox>> SharedAsync(AccountId owner, CancellationToken cancellationToken)
    {
        var response = await caller.AskAsync(CallKind.Question, client.ListSharedAsync, new Wire.ListSharedRequest { AccountId = owner.Value.ToWire() }, cancellationToken);
        return [.. response.Mailboxes.Select(mailbox => new SharedMailbox(MailboxSharingServer.ToName(mailbox.Name), [.. mailbox.Grants.Select(Wire.GrantConversions.ToContract)]))];
    }

    public async ValueTask<GrantOutcome> ShareAsync(AccountId owner, MailboxName? mailbox, Grantee grantee, MailboxRights rights, CancellationToken cancellationToken)
    {
        var request = new Wire.ShareRequest { AccountId = owner.Value.ToWire(), Grantee = grantee.Key, Rights = rights.ToWire() };
        if (mailbox is { } one) request.Mailbox = one.Value;
        return (await caller.AskAsync(CallKind.Repeatable, client.ShareAsync, request, cancellationToken)).Outcome.ToContract();
    }
}
