using Merpati.Mailboxes;

namespace Merpati.Storage;

/// <summary>What is known of a stored content.</summary>
/// <param name="Size">Octets.</param>
/// <param name="Sha256">Over all octets, 32 bytes.</param>
public sealed record ContentInfo(ContentId Id, long Size, ReadOnlyMemory<byte> Sha256, DateTimeOffset CreatedAt);

/// <summary>
/// The octets of messages, byte for byte as received, written once, shared by all recipients (design §3, §4).
/// Nobody counts references: a content without a queue entry and without a message is removed by the collector when it is old enough.
/// </summary>
public interface IContentStore
{
    /// <summary>
    /// Starts a content. Nothing of it can be seen until <see cref="IContentWriter.CommitAsync"/>; a writer that is disposed before that, or a crash, leaves nothing behind for long.
    /// </summary>
    ValueTask<IContentWriter> CreateAsync(CancellationToken cancellationToken);

    /// <summary>Null when there is none.</summary>
    ValueTask<ContentInfo?> FindAsync(ContentId content, CancellationToken cancellationToken);

    /// <summary>
    /// A seekable-free stream over [offset, offset + length), cut off at the end of the content; reads at most one chunk ahead.
    /// </summary>
    /// <exception cref="ContentDamagedException">Missing, or a chunk's checksum is wrong; also while reading.</exception>
    ValueTask<Stream> OpenAsync(ContentId content, long offset, long length, CancellationToken cancellationToken);

    /// <summary>Idempotent.</summary>
    ValueTask DeleteAsync(IReadOnlyList<ContentId> contents, CancellationToken cancellationToken);

    /// <summary>Committed contents made before <paramref name="before"/>, in order of id, after <paramref name="after"/>; for the collector and fsck.</summary>
    ValueTask<IReadOnlyList<ContentInfo>> ListAsync(DateTimeOffset before, ContentId? after, int limit, CancellationToken cancellationToken);

    /// <summary>Removes what unfinished writers left before <paramref name="before"/>; returns how many.</summary>
    ValueTask<int> RemoveUnfinishedAsync(DateTimeOffset before, CancellationToken cancellationToken);
}

/// <summary>Writes one content. Not thread-safe.</summary>
public interface IContentWriter : IAsyncDisposable
{
    ContentId Id { get; }

    /// <summary>Octets written so far.</summary>
    long Length { get; }

    /// <summary>Takes the octets; the buffer is the caller's again when the call returns. Holds at most a chunk or two.</summary>
    ValueTask WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken);

    /// <summary>Makes the content durable (fsync, or majority and journal) and visible.</summary>
    ValueTask<ContentInfo> CommitAsync(CancellationToken cancellationToken);
}

/// <summary>The store has no room (disk full): refuse new mail for now with 452 4.3.1, and go on.</summary>
public sealed class StoreFullException(string store, Exception? cause = null) : IOException($"The {store} store has no room left.", cause)
{
    /// <summary>One line: everything that writes fails with it while it lasts, and the log may lie on the very disk that is full.</summary>
    public override string ToString() => $"{nameof(StoreFullException)}: {Message}";
}

/// <summary>The store cannot be reached or opened: answer temporarily, 451 4.3.0.</summary>
public sealed class StoreUnavailableException(string store, string detail, Exception? cause = null) : IOException($"The {store} store is not available: {detail}", cause);
