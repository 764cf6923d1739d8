using Merpati.Addresses;
using Merpati.Mailboxes;

namespace Merpati.UserDirectory.Addresses;

/// <summary>
/// As whom an account may send: as itself, as a subaddress of itself, and as an alias (a wildcard too) behind which it stands alone.
/// A catch-all or the fallback of postmaster receives for others; that is no right to write in their name.
/// </summary>
internal sealed class SenderRights(AddressResolver resolver)
{
    /// <summary>An alias that needs more steps is a list, not a name of one person.</summary>
    private const int MaxSteps = 100;

    public async ValueTask<bool> MaySendAsAsync(AccountId account, EmailAddress sender, CancellationToken cancellationToken)
    {
        var seen = new HashSet<EmailAddress> { sender };
        var open = new Queue<EmailAddress>([sender]);
        while (open.TryDequeue(out var address))
        {
            switch (await resolver.MatchAsync(address, cancellationToken))
            {
                case AddressMatch.OfAccount match when match.Account.Id == account:
                    break;
                case AddressMatch.OfAlias match when seen.Count + match.Alias.Targets.Count <= MaxSteps:
                    foreach (var target in match.Alias.Targets.Where(seen.Add)) open.Enqueue(target);
                    break;
                default:
                    return false;
            }
        }
        return true;
    }
}
