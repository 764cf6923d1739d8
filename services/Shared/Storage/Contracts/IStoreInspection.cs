using Merpati.Mailboxes;

namespace Merpati.Storage;

/// <summary>Who needs a content, and how long it must be; null where nobody says.</summary>
/// <param name="Where">For a person.</param>
public sealed record ContentUse(ContentId Content, long? Size, string Where);

/// <summary>Looks at some contents that are needed, in one go.</summary>
public delegate ValueTask<IReadOnlyList<Damage>> CheckContents(IReadOnlyList<ContentUse> uses, CancellationToken cancellationToken);

/// <summary>
/// What a backend knows of its own invariants, for <see cref="ConsistencyCheck"/> alone; no service needs it. It goes over everything, in pages, while all else goes on:
/// what looks wrong is looked at again in one moment before it counts, as somebody may be at it.
/// </summary>
public interface IStoreInspection
{
    /// <summary>Whether the pieces of each content are there, and belong to one.</summary>
    IAsyncEnumerable<Damage> InspectContentsAsync(bool mend, CancellationToken cancellationToken);

    /// <summary>Each entry by itself, and the tokens of their leases.</summary>
    IAsyncEnumerable<Damage> InspectQueueAsync(CheckContents contents, bool mend, CancellationToken cancellationToken);

    /// <summary>Counts, UIDs and MODSEQs of every mailbox, and what its messages need.</summary>
    IAsyncEnumerable<Damage> InspectMailboxesAsync(CheckContents contents, bool mend, CancellationToken cancellationToken);

    /// <summary>The sizes of those that are there.</summary>
    ValueTask<IReadOnlyDictionary<ContentId, long>> FindSizesAsync(IReadOnlyList<ContentId> contents, CancellationToken cancellationToken);

    /// <summary>Which of these a message still needs, as <see cref="IMailboxStore.FindReferencedAsync"/> says; a mailbox store does work of its own as soon as it is there.</summary>
    ValueTask<IReadOnlySet<ContentId>> FindReferencedAsync(IReadOnlyList<ContentId> contents, CancellationToken cancellationToken);
}
