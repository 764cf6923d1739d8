using Grpc.Core;
using Merpati.Mailboxes;
using Merpati.Rpc.Calls;
using Merpati.Storage;
using static Merpati.Mailboxes.V1.GrantConversions;
using static Merpati.Mailboxes.V1.MailboxConversions;
using static Merpati.Mailboxes.V1.WireIds;
using Wire = Merpati.Mailboxes.V1;

namespace Merpati.Rpc.Mailboxes;

internal sealed partial class MailboxesClient
{
    public async ValueTask<IReadOnlyList<MailboxGrant>> GrantsAsync(AccountId owner, MailboxId? mailbox, CancellationToken cancellationToken)
    {
        var request = new Wire.ListGrantsRequest { AccountId = owner.Value.ToWire() };
        if (mailbox is { } one) request.MailboxId = one.Value.ToWire();
        try { return [.. (await caller.AskAsync(CallKind.Question, client.ListGrantsAsync, request, cancellationToken)).Grants.Select(Wire.GrantConversions.ToContract)]; }
        catch (StoreUnavailableException fault) when (IsUnknown(fault)) { return []; }
    }

    public async ValueTask<GrantOutcome> GrantAsync(AccountId owner, MailboxId mailbox, IReadOnlyList<GrantChange> changes, CancellationToken cancellationToken)
    {
        var request = new Wire.GrantRequest { AccountId = owner.Value.ToWire(), MailboxId = mailbox.Value.ToWire(), Changes = { changes.Select(Wire.GrantConversions.ToWire) } };
        return (await caller.AskAsync(CallKind.Repeatable, client.GrantAsync, request, cancellationToken)).Outcome.ToContract();
    }

    public async ValueTask<IReadOnlyList<AccountId>> SharersAsync(IReadOnlyList<Grantee> grantees, CancellationToken cancellationToken)
    {
        var request = new Wire.ListSharersRequest { Grantees = { grantees.Select(grantee => grantee.Key) } };
        try { return [.. (await caller.AskAsync(CallKind.Question, client.ListSharersAsync, request, cancellationToken)).AccountIds.Select(id => new AccountId(id.ToGuid()))]; }
        catch (StoreUnavailableException fault) when (IsUnknown(fault)) { return []; }
    }

    public async ValueTask<CopyOutcome> TransferAsync(AccountId account, MailboxId source, UidSet uids, MailboxPlace destination, MailboxRights rights, bool move, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(uids);
        var request = new Wire.TransferMessagesRequest
        {
            AccountId = account.Value.ToWire(),
            SourceMailboxId = source.Value.ToWire(),
            Uids = uids.ToWire(),
            DestinationAccountId = destination.Owner.Value.ToWire(),
            DestinationMailboxId = destination.Mailbox.Value.ToWire(),
            Rights = rights.ToWire(),
            Move = move,
        };
        return (await caller.AskAsync(CallKind.Once, client.TransferMessagesAsync, request, cancellationToken)).ToContract();
    }

    /// <summary>A Delivery of the last version shares nothing; that must not take LIST and CREATE from anybody while a cluster is upgraded.</summary>
    private static bool IsUnknown(StoreUnavailableException fault) => fault.InnerException is RpcException { StatusCode: StatusCode.Unimplemented };
}
