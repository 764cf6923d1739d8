using Merpati.Mailboxes;

namespace Merpati.Delivery.Mailboxes;

public sealed partial class Mailboxes
{
    public ValueTask EnsureAccountAsync(AccountId account, CancellationToken cancellationToken) => store.EnsureAccountAsync(account, cancellationToken);

    public ValueTask<IReadOnlyList<MailboxInfo>> ListAsync(AccountId account, CancellationToken cancellationToken) => store.ListAsync(account, cancellationToken);

    public ValueTask<MailboxInfo?> FindAsync(AccountId account, MailboxName name, CancellationToken cancellationToken) => store.FindAsync(account, name, cancellationToken);

    public ValueTask<MailboxInfo?> GetAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken) => store.GetAsync(account, mailbox, cancellationToken);

    public async ValueTask<MailboxOutcome> CreateAsync(AccountId account, MailboxName name, SpecialUse use, CancellationToken cancellationToken)
        => AnnounceTree(account, await store.CreateAsync(account, name, use, cancellationToken));

    public async ValueTask<MailboxInfo?> ContinueAsync(AccountId account, MailboxId mailbox, MailboxPast past, CancellationToken cancellationToken)
    {
        var info = await store.ContinueAsync(account, mailbox, past, cancellationToken);
        if (info is not null) Announce(account, info);
        return info;
    }

    public async ValueTask<MailboxOutcome> DeleteAsync(AccountId account, MailboxName name, CancellationToken cancellationToken)
    {
        var mailbox = await store.FindAsync(account, name, cancellationToken);
        var outcome = AnnounceTree(account, await store.DeleteAsync(account, name, cancellationToken));
        // Sessions that have it selected shall see that it is gone.
        if (outcome == MailboxOutcome.Done && mailbox is not null) changes.Announce(new MailboxChanged(account, mailbox.Id, new ModSeq(long.MaxValue)));
        return outcome;
    }

    public async ValueTask<MailboxOutcome> RenameAsync(AccountId account, MailboxName from, MailboxName to, CancellationToken cancellationToken)
    {
        var outcome = AnnounceTree(account, await store.RenameAsync(account, from, to, cancellationToken));
        if (outcome != MailboxOutcome.Done || !from.IsInbox) return outcome;
        // RENAME INBOX moves its messages (RFC 3501 §6.3.5).
        foreach (var name in (MailboxName[])[from, to])
        {
            if (await store.FindAsync(account, name, cancellationToken) is { } mailbox) Announce(account, mailbox);
        }
        return outcome;
    }

    public async ValueTask SubscribeAsync(AccountId account, MailboxName name, bool subscribed, CancellationToken cancellationToken)
    {
        await store.SubscribeAsync(account, name, subscribed, cancellationToken);
        changes.Announce(new MailboxChanged(account, null, default));
    }

    public ValueTask<IReadOnlyList<MailboxName>> ListSubscriptionsAsync(AccountId account, CancellationToken cancellationToken) => store.ListSubscriptionsAsync(account, cancellationToken);

    private MailboxOutcome AnnounceTree(AccountId account, MailboxOutcome outcome)
    {
        if (outcome == MailboxOutcome.Done) changes.Announce(new MailboxChanged(account, null, default));
        return outcome;
    }

    private void Announce(AccountId account, MailboxInfo mailbox) => changes.Announce(new MailboxChanged(account, mailbox.Id, mailbox.HighestModSeq));
}
