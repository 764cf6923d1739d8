using Grpc.Core;
using Merpati.Mailboxes;
using Merpati.Rpc.Serving;
using static Merpati.Mailboxes.V1.MailboxConversions;
using Wire = Merpati.Mailboxes.V1;

namespace Merpati.Rpc.Mailboxes;

internal sealed partial class MailboxesServer
{
    public override async Task Snapshot(Wire.SnapshotRequest request, IServerStreamWriter<Wire.SnapshotResponse> responseStream, ServerCallContext context)
    {
        if (await mailboxes.SnapshotAsync(Account(request.AccountId), Mailbox(request.MailboxId), context.CancellationToken) is not var (mailbox, uids)) return;
        await responseStream.WriteAsync(uids, static (message, uid) => message.Uids.Add(uid), new Wire.SnapshotResponse { Mailbox = mailbox.ToWire() }, context.CancellationToken);
    }

    public override async Task Changes(Wire.ChangesRequest request, IServerStreamWriter<Wire.ChangesResponse> responseStream, ServerCallContext context)
    {
        if (await mailboxes.ChangesAsync(Account(request.AccountId), Mailbox(request.MailboxId), new ModSeq(request.Since), context.CancellationToken) is not { } changes) return;
        await responseStream.WriteAsync(changes.Changed, Wire.MailboxConversions.ToWire, static (message, state) => message.Changed.Add(state), new Wire.ChangesResponse { Mailbox = changes.Mailbox.ToWire() }, context.CancellationToken);
        await responseStream.WriteAsync(changes.Expunged, Wire.MailboxConversions.ToWire, static (message, range) => message.Expunged.Add(range), null, context.CancellationToken);
    }

    public override async Task<Wire.ClaimRecentResponse> ClaimRecent(Wire.ClaimRecentRequest request, ServerCallContext context)
        => new() { First = (await mailboxes.ClaimRecentAsync(Account(request.AccountId), Mailbox(request.MailboxId), context.CancellationToken)).Value };

    public override Task States(Wire.StatesRequest request, IServerStreamWriter<Wire.StatesResponse> responseStream, ServerCallContext context)
        => responseStream.WriteAsync(
            mailboxes.StatesAsync(Account(request.AccountId), Mailbox(request.MailboxId), request.Uids.ToContract(), context.CancellationToken),
            Wire.MailboxConversions.ToWire, static (message, state) => message.States.Add(state), null, context.CancellationToken);

    public override Task Messages(Wire.MessagesRequest request, IServerStreamWriter<Wire.MessagesResponse> responseStream, ServerCallContext context)
        => responseStream.WriteAsync(
            mailboxes.MessagesAsync(Account(request.AccountId), Mailbox(request.MailboxId), request.Uids.ToContract(), context.CancellationToken),
            Wire.MailboxConversions.ToWire, static (message, info) => message.Messages.Add(info), null, context.CancellationToken);

    public override async Task StoreFlags(Wire.StoreFlagsRequest request, IServerStreamWriter<Wire.StoreFlagsResponse> responseStream, ServerCallContext context)
    {
        var outcome = await mailboxes.StoreFlagsAsync(
            Account(request.AccountId),
            Mailbox(request.MailboxId),
            request.Uids.ToContract(),
            request.Operation.ToContract(),
            request.Flags.ToContract(),
            request.HasUnchangedSince ? new ModSeq(request.UnchangedSince) : null,
            context.CancellationToken);
        await responseStream.WriteAsync(outcome.Changed, Wire.MailboxConversions.ToWire, static (message, state) => message.Changed.Add(state),
            new Wire.StoreFlagsResponse { Modified = UidSet.Of(outcome.Modified).ToWire() }, context.CancellationToken);
    }

    public override async Task<Wire.CopyMessagesResponse> CopyMessages(Wire.CopyMessagesRequest request, ServerCallContext context)
        => (await mailboxes.CopyAsync(Account(request.AccountId), Mailbox(request.SourceMailboxId), request.Uids.ToContract(), Mailbox(request.DestinationMailboxId), context.CancellationToken)).ToCopyResponse();

    public override async Task<Wire.MoveMessagesResponse> MoveMessages(Wire.MoveMessagesRequest request, ServerCallContext context)
        => (await mailboxes.MoveAsync(Account(request.AccountId), Mailbox(request.SourceMailboxId), request.Uids.ToContract(), Mailbox(request.DestinationMailboxId), context.CancellationToken)).ToMoveResponse();

    public override async Task<Wire.ExpungeResponse> Expunge(Wire.ExpungeRequest request, ServerCallContext context)
        => new() { Expunged = UidSet.Of(await mailboxes.ExpungeAsync(Account(request.AccountId), Mailbox(request.MailboxId), request.Uids.ToContract(), request.OnlyDeleted, context.CancellationToken)).ToWire() };

    public override async Task<Wire.GetDeletedSizeResponse> GetDeletedSize(Wire.GetDeletedSizeRequest request, ServerCallContext context)
        => new() { Octets = await mailboxes.DeletedSizeAsync(Account(request.AccountId), Mailbox(request.MailboxId), context.CancellationToken) };

    public override async Task<Wire.GetQuotaResponse> GetQuota(Wire.GetQuotaRequest request, ServerCallContext context)
        => (await mailboxes.QuotaAsync(Account(request.AccountId), context.CancellationToken)).ToWire();
}
