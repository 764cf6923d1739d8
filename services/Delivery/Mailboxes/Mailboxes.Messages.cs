using Merpati.Mailboxes;
using Merpati.Storage;

namespace Merpati.Delivery.Mailboxes;

public sealed partial class Mailboxes
{
    public ValueTask<(MailboxInfo Mailbox, Uid[] Uids)?> SnapshotAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken) => store.SnapshotAsync(account, mailbox, cancellationToken);

    public ValueTask<Uid?> FirstUnseenAsync(AccountId account, MailboxInfo mailbox, Uid[] uids, CancellationToken cancellationToken) => store.FirstUnseenAsync(account, mailbox, uids, cancellationToken);

    public ValueTask<MailboxChanges?> ChangesAsync(AccountId account, MailboxId mailbox, ModSeq since, CancellationToken cancellationToken) => store.ChangesAsync(account, mailbox, since, cancellationToken);

    public async ValueTask<Uid> ClaimRecentAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken)
    {
        try { return await store.ClaimRecentAsync(account, mailbox, cancellationToken); }
        catch (StoreFullException)
        {
            // Whoever only reads shall be able to on a full disk too: recent to this session, and to the next as well (RFC 3501 §2.3.2 is a SHOULD there).
            return (await store.GetAsync(account, mailbox, cancellationToken))?.FirstRecent ?? new Uid(uint.MaxValue);
        }
    }

    public IAsyncEnumerable<MessageState> StatesAsync(AccountId account, MailboxId mailbox, UidSet uids, CancellationToken cancellationToken) => store.StatesAsync(account, mailbox, uids, cancellationToken);

    public IAsyncEnumerable<MessageInfo> MessagesAsync(AccountId account, MailboxId mailbox, UidSet uids, CancellationToken cancellationToken) => store.MessagesAsync(account, mailbox, uids, cancellationToken);

    public async ValueTask<StoreOutcome> StoreFlagsAsync(AccountId account, MailboxId mailbox, UidSet uids, FlagOperation operation, MessageFlags flags, ModSeq? unchangedSince, CancellationToken cancellationToken)
    {
        var outcome = await store.StoreFlagsAsync(account, mailbox, uids, operation, flags, unchangedSince, cancellationToken);
        if (outcome.Changed.Count > 0) changes.Announce(new MailboxChanged(account, mailbox, outcome.Changed.Max(state => state.ModSeq)));
        return outcome;
    }

    public async ValueTask<CopyOutcome> CopyAsync(AccountId account, MailboxId source, UidSet uids, MailboxId destination, CancellationToken cancellationToken)
    {
        var quota = QuotaLimits.Of(await directory.GetAccountAsync(account, cancellationToken));
        var outcome = await store.CopyAsync(account, source, uids, destination, quota, cancellationToken);
        if (outcome is not CopyOutcome.Done { Messages: { Count: > 0 } copied }) return outcome;
        await AnnounceAsync(account, destination, cancellationToken);
        // Clients that know no MOVE copy and delete.
        moved?.Note(account, source, destination, copied);
        return outcome;
    }

    public async ValueTask<CopyOutcome> MoveAsync(AccountId account, MailboxId source, UidSet uids, MailboxId destination, CancellationToken cancellationToken)
    {
        var outcome = await store.MoveAsync(account, source, uids, destination, cancellationToken);
        if (outcome is not CopyOutcome.Done { Messages: { Count: > 0 } messages }) return outcome;
        await AnnounceAsync(account, source, cancellationToken);
        await AnnounceAsync(account, destination, cancellationToken);
        moved?.Note(account, source, destination, messages);
        return outcome;
    }

    public async ValueTask<IReadOnlyList<Uid>> ExpungeAsync(AccountId account, MailboxId mailbox, UidSet uids, bool onlyDeleted, CancellationToken cancellationToken)
    {
        var expunged = await store.ExpungeAsync(account, mailbox, uids, onlyDeleted, cancellationToken);
        if (expunged.Count > 0) await AnnounceAsync(account, mailbox, cancellationToken);
        return expunged;
    }

    public ValueTask<long> DeletedSizeAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken) => store.DeletedSizeAsync(account, mailbox, cancellationToken);

    public async ValueTask<QuotaUsage> QuotaAsync(AccountId account, CancellationToken cancellationToken)
    {
        var used = await store.QuotaAsync(account, cancellationToken);
        var owner = await directory.GetAccountAsync(account, cancellationToken);
        return used with { OctetLimit = owner?.QuotaOctets, MessageLimit = owner?.QuotaMessages };
    }

    private async ValueTask AnnounceAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken)
    {
        if (await store.GetAsync(account, mailbox, cancellationToken) is { } changed) Announce(account, changed);
    }
}
