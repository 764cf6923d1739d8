using Merpati.Accounts;
using Merpati.Mailboxes;
using Merpati.Storage;

namespace Merpati.Delivery.Mailboxes;

/// <summary>The mailboxes of an account go with it; the collector takes the contents that nobody else needs.</summary>
internal sealed class MailboxRemoval(IMailboxStore store, IMailboxChangeFeed feed) : IAccountRemoval
{
    public async ValueTask RemoveAsync(AccountId account, CancellationToken cancellationToken)
    {
        await store.RemoveAccountAsync(account, cancellationToken);
        feed.Announce(new MailboxChanged(account, null, default));
    }
}
