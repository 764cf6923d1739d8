using Grpc.Core;
using Merpati.Mailboxes;
using Merpati.Rpc.Serving;
using static Merpati.Mailboxes.V1.MailboxConversions;
using Wire = Merpati.Mailboxes.V1;

namespace Merpati.Rpc.Mailboxes;

internal sealed partial class MailboxesServer
{
    public override async Task<Wire.EnsureAccountResponse> EnsureAccount(Wire.EnsureAccountRequest request, ServerCallContext context)
    {
        await mailboxes.EnsureAccountAsync(Account(request.AccountId), context.CancellationToken);
        return new Wire.EnsureAccountResponse();
    }

    public override async Task ListMailboxes(Wire.ListMailboxesRequest request, IServerStreamWriter<Wire.ListMailboxesResponse> responseStream, ServerCallContext context)
    {
        var list = await mailboxes.ListAsync(Account(request.AccountId), context.CancellationToken);
        await responseStream.WriteAsync(list, Wire.MailboxConversions.ToWire, static (message, mailbox) => message.Mailboxes.Add(mailbox), null, context.CancellationToken);
    }

    public override async Task<Wire.FindMailboxResponse> FindMailbox(Wire.FindMailboxRequest request, ServerCallContext context)
        => new() { Mailbox = (await mailboxes.FindAsync(Account(request.AccountId), ToMailboxName(request.Name), context.CancellationToken))?.ToWire() };

    public override async Task<Wire.GetMailboxResponse> GetMailbox(Wire.GetMailboxRequest request, ServerCallContext context)
        => new() { Mailbox = (await mailboxes.GetAsync(Account(request.AccountId), Mailbox(request.MailboxId), context.CancellationToken))?.ToWire() };

    public override async Task<Wire.CreateMailboxResponse> CreateMailbox(Wire.CreateMailboxRequest request, ServerCallContext context)
    {
        if (!Enum.IsDefined((SpecialUse)request.SpecialUse)) throw new Wire.WireFormatException("A special use is not known.");
        return new() { Outcome = (await mailboxes.CreateAsync(Account(request.AccountId), ToMailboxName(request.Name), (SpecialUse)request.SpecialUse, context.CancellationToken)).ToWire() };
    }

    public override async Task<Wire.ContinueMailboxResponse> ContinueMailbox(Wire.ContinueMailboxRequest request, ServerCallContext context)
    {
        var past = new MailboxPast(new UidValidity(request.UidValidity), new Uid(request.UidNext), new ModSeq(request.HighestModSeq));
        return new() { Mailbox = (await mailboxes.ContinueAsync(Account(request.AccountId), Mailbox(request.MailboxId), past, context.CancellationToken))?.ToWire() };
    }

    public override async Task<Wire.DeleteMailboxResponse> DeleteMailbox(Wire.DeleteMailboxRequest request, ServerCallContext context)
        => new() { Outcome = (await mailboxes.DeleteAsync(Account(request.AccountId), ToMailboxName(request.Name), context.CancellationToken)).ToWire() };

    public override async Task<Wire.RenameMailboxResponse> RenameMailbox(Wire.RenameMailboxRequest request, ServerCallContext context)
        => new() { Outcome = (await mailboxes.RenameAsync(Account(request.AccountId), ToMailboxName(request.From), ToMailboxName(request.To), context.CancellationToken)).ToWire() };

    public override async Task<Wire.SubscribeResponse> Subscribe(Wire.SubscribeRequest request, ServerCallContext context)
    {
        await mailboxes.SubscribeAsync(Account(request.AccountId), ToMailboxName(request.Name), request.Subscribed, context.CancellationToken);
        return new Wire.SubscribeResponse();
    }

    public override async Task<Wire.ListSubscriptionsResponse> ListSubscriptions(Wire.ListSubscriptionsRequest request, ServerCallContext context)
        => new() { Names = { (await mailboxes.ListSubscriptionsAsync(Account(request.AccountId), context.CancellationToken)).Select(name => name.Value) } };
}
