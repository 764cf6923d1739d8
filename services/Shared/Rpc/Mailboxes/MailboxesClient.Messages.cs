using System.Runtime.CompilerServices;
using Merpati.Mailboxes;
using Merpati.Rpc.Calls;
using static Merpati.Mailboxes.V1.MailboxConversions;
using static Merpati.Mailboxes.V1.WireIds;
using Wire = Merpati.Mailboxes.V1;

namespace Merpati.Rpc.Mailboxes;

internal sealed partial class MailboxesClient
{
    public async ValueTask<(MailboxInfo Mailbox, Uid[] Uids)?> SnapshotAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken)
    {
        MailboxInfo? info = null;
        var uids = new List<Uid>();
        var request = new Wire.SnapshotRequest { AccountId = account.Value.ToWire(), MailboxId = mailbox.Value.ToWire() };
        await foreach (var response in caller.ReadAsync(CallKind.Question, client.Snapshot, request, cancellationToken))
        {
            if (info is null)
            {
                info = First(response.Mailbox);
                uids.Capacity = (int)Math.Min(info.Messages, int.MaxValue / sizeof(uint));
            }
            foreach (var uid in response.Uids) uids.Add(new Uid(uid));
        }
        return info is null ? null : (info, uids.ToArray());
    }

    public async ValueTask<MailboxChanges?> ChangesAsync(AccountId account, MailboxId mailbox, ModSeq since, CancellationToken cancellationToken)
    {
        MailboxInfo? info = null;
        var changed = new List<MessageState>();
        var expunged = new List<UidRange>();
        var request = new Wire.ChangesRequest { AccountId = account.Value.ToWire(), MailboxId = mailbox.Value.ToWire(), Since = since.Value };
        await foreach (var response in caller.ReadAsync(CallKind.Question, client.Changes, request, cancellationToken))
        {
            info ??= First(response.Mailbox);
            foreach (var state in response.Changed) changed.Add(state.ToContract());
            expunged.AddRange(new Wire.UidSet { Ranges = { response.Expunged } }.ToContract());
        }
        return info is null ? null : new MailboxChanges(info, changed, UidSet.Of(expunged));
    }

    /// <summary>Once: the second claim would find nothing left, and no session would show the messages as recent.</summary>
    public async ValueTask<Uid> ClaimRecentAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken)
        => new((await caller.AskAsync(CallKind.Once, client.ClaimRecentAsync, new Wire.ClaimRecentRequest { AccountId = account.Value.ToWire(), MailboxId = mailbox.Value.ToWire() }, cancellationToken)).First);

    public async IAsyncEnumerable<MessageState> StatesAsync(AccountId account, MailboxId mailbox, UidSet uids, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new Wire.StatesRequest { AccountId = account.Value.ToWire(), MailboxId = mailbox.Value.ToWire(), Uids = uids.ToWire() };
        await foreach (var response in caller.ReadAsync(CallKind.Question, client.States, request, cancellationToken))
        {
            foreach (var state in response.States) yield return state.ToContract();
        }
    }

    public async IAsyncEnumerable<MessageInfo> MessagesAsync(AccountId account, MailboxId mailbox, UidSet uids, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new Wire.MessagesRequest { AccountId = account.Value.ToWire(), MailboxId = mailbox.Value.ToWire(), Uids = uids.ToWire() };
        await foreach (var response in caller.ReadAsync(CallKind.Question, client.Messages, request, cancellationToken))
        {
            foreach (var message in response.Messages) yield return message.ToContract();
        }
    }

    /// <summary>Flags that are set twice are the same flags, but under UNCHANGEDSINCE the second time finds them changed.</summary>
    public async ValueTask<StoreOutcome> StoreFlagsAsync(AccountId account, MailboxId mailbox, UidSet uids, FlagOperation operation, MessageFlags flags, ModSeq? unchangedSince, CancellationToken cancellationToken)
    {
        var request = new Wire.StoreFlagsRequest { AccountId = account.Value.ToWire(), MailboxId = mailbox.Value.ToWire(), Uids = uids.ToWire(), Operation = operation.ToWire(), Flags = flags.ToWire() };
        if (unchangedSince is { } modSeq) request.UnchangedSince = modSeq.Value;
        var changed = new List<MessageState>();
        var modified = new List<Uid>();
        await foreach (var response in caller.ReadAsync(unchangedSince is null ? CallKind.Repeatable : CallKind.Once, client.StoreFlags, request, cancellationToken))
        {
            foreach (var state in response.Changed) changed.Add(state.ToContract());
            modified.AddRange(response.Modified.ToUids());
        }
        return new StoreOutcome(changed, modified);
    }

    public async ValueTask<CopyOutcome> CopyAsync(AccountId account, MailboxId source, UidSet uids, MailboxId destination, CancellationToken cancellationToken)
    {
        var request = new Wire.CopyMessagesRequest { AccountId = account.Value.ToWire(), SourceMailboxId = source.Value.ToWire(), Uids = uids.ToWire(), DestinationMailboxId = destination.Value.ToWire() };
        return (await caller.AskAsync(CallKind.Once, client.CopyMessagesAsync, request, cancellationToken)).ToContract();
    }

    public async ValueTask<CopyOutcome> MoveAsync(AccountId account, MailboxId source, UidSet uids, MailboxId destination, CancellationToken cancellationToken)
    {
        var request = new Wire.MoveMessagesRequest { AccountId = account.Value.ToWire(), SourceMailboxId = source.Value.ToWire(), Uids = uids.ToWire(), DestinationMailboxId = destination.Value.ToWire() };
        return (await caller.AskAsync(CallKind.Once, client.MoveMessagesAsync, request, cancellationToken)).ToContract();
    }

    /// <summary>Once: the answer is what this call removed.</summary>
    public async ValueTask<IReadOnlyList<Uid>> ExpungeAsync(AccountId account, MailboxId mailbox, UidSet uids, bool onlyDeleted, CancellationToken cancellationToken)
    {
        var request = new Wire.ExpungeRequest { AccountId = account.Value.ToWire(), MailboxId = mailbox.Value.ToWire(), Uids = uids.ToWire(), OnlyDeleted = onlyDeleted };
        return [.. (await caller.AskAsync(CallKind.Once, client.ExpungeAsync, request, cancellationToken)).Expunged.ToUids()];
    }

    public async ValueTask<long> DeletedSizeAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken)
        => (await caller.AskAsync(CallKind.Question, client.GetDeletedSizeAsync, new Wire.GetDeletedSizeRequest { AccountId = account.Value.ToWire(), MailboxId = mailbox.Value.ToWire() }, cancellationToken)).Octets;

    public async ValueTask<QuotaUsage> QuotaAsync(AccountId account, CancellationToken cancellationToken)
        => (await caller.AskAsync(CallKind.Question, client.GetQuotaAsync, new Wire.GetQuotaRequest { AccountId = account.Value.ToWire() }, cancellationToken)).ToContract();

    private static MailboxInfo First(Wire.MailboxInfo? mailbox) => mailbox?.ToContract() ?? throw new Wire.WireFormatException("The first response has no mailbox.");
}
