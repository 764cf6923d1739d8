namespace Merpati.Storage;

/// <summary>Something small that the processes of a service know together.</summary>
/// <param name="Kind">What sort of thing it is: a short name in lower case, without line breaks.</param>
/// <param name="Key">Which one of the kind; without line breaks.</param>
/// <param name="ExpiresAt">From then on it is as if it had never been.</param>
public sealed record SharedRecord(string Kind, string Key, ReadOnlyMemory<byte> Value, DateTimeOffset ExpiresAt)
{
    /// <summary>Of a record that was read: what <see cref="ISharedRecords.TryPutAsync"/> compares. 0 is a record that is not there.</summary>
    public long Version { get; init; }
}

/// <summary>
/// What the relays know together and could do without for a moment: policies of domains, counts for reports, rates, and who wants to be left alone. Small records with an end, changed by
/// comparing versions, so that of several who change one at the same time all but one look again. A change is durable when its call returns. It is no place for mail.
/// </summary>
public interface ISharedRecords
{
    /// <summary>Null when it is not there, or has expired.</summary>
    ValueTask<SharedRecord?> FindAsync(string kind, string key, CancellationToken cancellationToken);

    /// <summary>Those of the kind that have not expired, in the order of the octets of their keys, after <paramref name="after"/>.</summary>
    ValueTask<IReadOnlyList<SharedRecord>> ListAsync(string kind, string? after, int limit, CancellationToken cancellationToken);

    /// <summary>Writes the record where its <see cref="SharedRecord.Version"/> is still that of what is there; with 0, where nothing is there or it has expired.</summary>
    /// <returns>False when somebody was first: nothing was changed.</returns>
    ValueTask<bool> TryPutAsync(SharedRecord record, CancellationToken cancellationToken);

    /// <summary>Writes the records whatever is there; each of them is whole, some of them may be there and others not when the call fails.</summary>
    ValueTask PutAsync(IReadOnlyList<SharedRecord> records, CancellationToken cancellationToken);

    /// <summary>Removes those that are there. Idempotent.</summary>
    ValueTask RemoveAsync(string kind, IReadOnlyList<string> keys, CancellationToken cancellationToken);

    /// <summary>Makes room: to be called now and then.</summary>
    /// <returns>How many had expired.</returns>
    ValueTask<long> RemoveExpiredAsync(CancellationToken cancellationToken);
}
