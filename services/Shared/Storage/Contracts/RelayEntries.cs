using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.Queueing;

namespace Merpati.Storage;

/// <summary>Mail for other servers as entries of the relay.</summary>
public static class RelayEntries
{
    /// <summary>Where the relay takes mail for the address (<see cref="QueueEntry.Destination"/>): null when no such name can be in DNS.</summary>
    public static string? DestinationOf(EmailAddress address) => DomainName.ToAscii(address.Domain);

    /// <summary>An entry for each destination of the recipients, in the order in which they come up; a recipient without one has none. All else is as in <paramref name="entry"/>.</summary>
    /// <param name="nameId">The id for a destination; the same one whenever the same message is made again.</param>
    public static IReadOnlyList<QueueEntry> Split(QueueEntry entry, IEnumerable<EnvelopeRecipient> recipients, Func<string, QueueId> nameId)
        => [.. recipients
            .Select(recipient => (Destination: DestinationOf(recipient.Address), Recipient: new QueueRecipient { Recipient = recipient }))
            .Where(one => one.Destination is not null)
            .GroupBy(one => one.Destination!, one => one.Recipient)
            .Select(group => entry with { Id = nameId(group.Key), Route = QueueRoute.Relay, Destination = group.Key, Recipients = [.. group] })];
}
