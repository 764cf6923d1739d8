using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Queueing;
using Merpati.Storage;

namespace Merpati.SmtpIngress.Recipients;

/// <summary>Which service works on which recipients of an accepted message.</summary>
internal sealed class RecipientRouting(IDirectory directory)
{
    /// <summary>Whether the address is an account or an alias of ours that takes mail.</summary>
    public async ValueTask<bool> IsHereAsync(EmailAddress address, CancellationToken cancellationToken)
        => await directory.ResolveAsync(address, cancellationToken).ConfigureAwait(false) is Resolution.LocalAccount or Resolution.Alias;

    /// <summary>
    /// The entries of one message: one for all recipients in our domains, one for each destination of the others. Each recipient is in one of them, once.
    /// The first keeps the id of the message; those of the others come from it.
    /// </summary>
    /// <param name="whole">An entry with all recipients, on the local route.</param>
    /// <param name="mayRelay">False for mail of strangers: all of it was accepted for recipients here, and stays here whatever becomes of their domain.</param>
    public async ValueTask<IReadOnlyList<QueueEntry>> SplitAsync(QueueEntry whole, bool mayRelay, CancellationToken cancellationToken)
    {
        if (!mayRelay) return [whole];
        var isLocal = new Dictionary<string, bool>();
        foreach (var domain in whole.Recipients.Select(recipient => recipient.Recipient.Address.Domain).Distinct())
        {
            isLocal[domain] = await directory.IsLocalDomainAsync(domain, cancellationToken).ConfigureAwait(false);
        }
        var byRoute = whole.Recipients.ToLookup(recipient => IsHere(recipient));
        if (!byRoute[false].Any()) return [whole];
        var remote = RelayEntries.Split(whole, byRoute[false].Select(recipient => recipient.Recipient), destination => QueueId.Derive($"relay\n{whole.Id}\n{destination}", whole.AcceptedAt));
        return byRoute[true].Any()
            ? [whole with { Recipients = [.. byRoute[true]] }, .. remote]
            : [remote[0] with { Id = whole.Id }, .. remote.Skip(1)];

        // What can be no destination was accepted as ours; only Delivery can say what has become of it.
        bool IsHere(QueueRecipient recipient) => isLocal[recipient.Recipient.Address.Domain] || RelayEntries.DestinationOf(recipient.Recipient.Address) is null;
    }
}
