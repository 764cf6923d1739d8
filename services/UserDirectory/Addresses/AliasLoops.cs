using Merpati.Addresses;

namespace Merpati.UserDirectory.Addresses;

/// <summary>Looks for circles before they are made. Delivery guards itself as well: a circle may still come about in a store that was changed otherwise.</summary>
internal sealed class AliasLoops(AddressMatcher matcher)
{
    /// <summary>Wider than any sensible list of lists; beyond it the change is taken for a circle.</summary>
    private const int MaxAddresses = 10_000;

    /// <summary>
    /// Follows <paramref name="targets"/> through the book and tells whether any of them, at any depth, comes back to the rule that they are the targets of.
    /// </summary>
    public async ValueTask<bool> LeadBackAsync(IAddressBook book, IReadOnlyList<EmailAddress> targets, Func<AddressMatch, bool> isOrigin, CancellationToken cancellationToken)
    {
        var seen = new HashSet<EmailAddress>(targets);
        var open = new Queue<EmailAddress>(targets);
        while (open.TryDequeue(out var address))
        {
            var match = await matcher.MatchAsync(book, address, cancellationToken);
            if (isOrigin(match)) return true;
            foreach (var next in Next(match))
            {
                if (seen.Count >= MaxAddresses) return true;
                if (seen.Add(next)) open.Enqueue(next);
            }
        }
        return false;
    }

    private static IReadOnlyList<EmailAddress> Next(AddressMatch match) => match switch
    {
        AddressMatch.OfAlias found => found.Alias.Targets,
        AddressMatch.CatchAll found => [found.Target],
        AddressMatch.RoleAddress found => [found.Target],
        _ => [],
    };
}
