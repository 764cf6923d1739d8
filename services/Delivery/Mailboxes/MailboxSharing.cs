using Merpati.Mailboxes;

namespace Merpati.Delivery.Mailboxes;

/// <inheritdoc cref="IMailboxSharing"/>
public sealed class MailboxSharing(IMailboxes mailboxes) : IMailboxSharing
{
    public async ValueTask<IReadOnlyList<SharedMailbox>> SharedAsync(AccountId owner, CancellationToken cancellationToken)
    {
        var grants = (await mailboxes.GrantsAsync(owner, mailbox: null, cancellationToken)).ToLookup(grant => grant.Mailbox);
        var all = await mailboxes.ListAsync(owner, cancellationToken);
        return [.. all.Where(mailbox => grants.Contains(mailbox.Id)).Select(mailbox => new SharedMailbox(mailbox.Name, [.. grants[mailbox.Id]]))];
    }

    public async ValueTask<GrantOutcome> ShareAsync(AccountId owner, MailboxName? mailbox, Grantee grantee, MailboxRights rights, CancellationToken cancellationToken)
    {
        await mailboxes.EnsureAccountAsync(owner, cancellationToken);
        var all = await mailboxes.ListAsync(owner, cancellationToken);
        GrantChange[] changes = [new(grantee, Negative: false, FlagOperation.Replace, rights)];
        var outcome = GrantOutcome.NoSuchMailbox;
        foreach (var shared in all.Where(one => mailbox is null || one.Name == mailbox))
        {
            outcome = await mailboxes.GrantAsync(owner, shared.Id, changes, cancellationToken);
            if (outcome == GrantOutcome.TooMany) break;
        }
        return outcome;
    }
}
