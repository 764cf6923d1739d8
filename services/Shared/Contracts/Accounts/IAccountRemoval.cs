using Merpati.Mailboxes;

namespace Merpati.Accounts;

/// <summary>
/// What another part keeps of an account and gives up when the account goes: its mailboxes, its filters.
/// UserDirectory calls every registered one after it has switched the account off (no login and no delivery begins any more) and before it forgets the account.
/// If one throws, the account stays, switched off, and the removal can be asked for again: so it must be idempotent.
/// </summary>
public interface IAccountRemoval
{
    ValueTask RemoveAsync(AccountId account, CancellationToken cancellationToken);
}
