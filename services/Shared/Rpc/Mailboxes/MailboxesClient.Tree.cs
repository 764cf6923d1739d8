using Merpati.Mailboxes;
using Merpati.Rpc.Calls;
using static Merpati.Mailboxes.V1.MailboxConversions;
using static Merpati.Mailboxes.V1.WireIds;
using Wire = Merpati.Mailboxes.V1;

namespace Merpati.Rpc.Mailboxes;

internal sealed partial class MailboxesClient
{
    public async ValueTask EnsureAccountAsync(AccountId account, CancellationToken cancellationToken)
        => await caller.AskAsync(CallKind.Repeatable, client.EnsureAccountAsync, new Wire.EnsureAccountRequest { AccountId = account.Value.ToWire() }, cancellationToken);

    public async ValueTask<IReadOnlyList<MailboxInfo>> ListAsync(AccountId account, CancellationToken cancellationToken)
    {
        var mailboxes = new List<MailboxInfo>();
        await foreach (var response in caller.ReadAsync(CallKind.Question, client.ListMailboxes, new Wire.ListMailboxesRequest { AccountId = account.Value.ToWire() }, cancellationToken))
        {
            foreach (var mailbox in response.Mailboxes) mailboxes.Add(mailbox.ToContract());
        }
        return mailboxes;
    }

    public async ValueTask<MailboxInfo?> FindAsync(AccountId account, MailboxName name, CancellationToken cancellationToken)
        => (await caller.AskAsync(CallKind.Question, client.FindMailboxAsync, new Wire.FindMailboxRequest { AccountId = account.Value.ToWire(), Name = name.Value }, cancellationToken)).Mailbox?.ToContract();

    public async ValueTask<MailboxInfo?> GetAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken)
        => (await caller.AskAsync(CallKind.Question, client.GetMailboxAsync, new Wire.GetMailboxRequest { AccountId = account.Value.ToWire(), MailboxId = mailbox.Value.ToWire() }, cancellationToken)).Mailbox?.ToContract();

    public async ValueTask<MailboxOutcome> CreateAsync(AccountId account, MailboxName name, SpecialUse use, CancellationToken cancellationToken)
    {
        var request = new Wire.CreateMailboxRequest { AccountId = account.Value.ToWire(), Name = name.Value, SpecialUse = (Wire.SpecialUse)use };
        return (await caller.AskAsync(CallKind.Once, client.CreateMailboxAsync, request, cancellationToken)).Outcome.ToContract();
    }

    public async ValueTask<MailboxInfo?> ContinueAsync(AccountId account, MailboxId mailbox, MailboxPast past, CancellationToken cancellationToken)
    {
        var request = new Wire.ContinueMailboxRequest
        {
            AccountId = account.Value.ToWire(),
            MailboxId = mailbox.Value.ToWire(),
            UidValidity = past.UidValidity.Value,
            UidNext = past.UidNext.Value,
            HighestModSeq = past.HighestModSeq.Value,
        };
        return (await caller.AskAsync(CallKind.Repeatable, client.ContinueMailboxAsync, request, cancellationToken)).Mailbox?.ToContract();
    }

    public async ValueTask<MailboxOutcome> DeleteAsync(AccountId account, MailboxName name, CancellationToken cancellationToken)
        => (await caller.AskAsync(CallKind.Once, client.DeleteMailboxAsync, new Wire.DeleteMailboxRequest { AccountId = account.Value.ToWire(), Name = name.Value }, cancellationToken)).Outcome.ToContract();

    public async ValueTask<MailboxOutcome> RenameAsync(AccountId account, MailboxName from, MailboxName to, CancellationToken cancellationToken)
        => (await caller.AskAsync(CallKind.Once, client.RenameMailboxAsync, new Wire.RenameMailboxRequest { AccountId = account.Value.ToWire(), From = from.Value, To = to.Value }, cancellationToken)).Outcome.ToContract();

    public async ValueTask SubscribeAsync(AccountId account, MailboxName name, bool subscribed, CancellationToken cancellationToken)
        => await caller.AskAsync(CallKind.Repeatable, client.SubscribeAsync, new Wire.SubscribeRequest { AccountId = account.Value.ToWire(), Name = name.Value, Subscribed = subscribed }, cancellationToken);

    public async ValueTask<IReadOnlyList<MailboxName>> ListSubscriptionsAsync(AccountId account, CancellationToken cancellationToken)
    {
        var response = await caller.AskAsync(CallKind.Question, client.ListSubscriptionsAsync, new Wire.ListSubscriptionsRequest { AccountId = account.Value.ToWire() }, cancellationToken);
        return [.. response.Names.Select(ToMailboxName)];
    }
}
