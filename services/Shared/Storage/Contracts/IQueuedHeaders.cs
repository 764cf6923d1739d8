using Merpati.Queueing;

namespace Merpati.Storage;

/// <summary>What a person may see of a message that waits in the queue: its header, never its body.</summary>
public interface IQueuedHeaders
{
    /// <summary>Octets that are shown at the most; a header that is longer is cut off.</summary>
    const int MaxOctets = 64 * 1024;

    /// <summary>Octets of the message, its header among them, that are shown at the most where somebody asks for its beginning.</summary>
    const int MaxBeginning = 1024 * 1024;

    /// <summary>The header with what acceptance put on top, up to and without the empty line; null when no such entry is in the queue.</summary>
    /// <exception cref="Mailboxes.ContentDamagedException">The octets are missing or damaged.</exception>
    ValueTask<ReadOnlyMemory<byte>?> ReadAsync(QueueId id, CancellationToken cancellationToken);

    /// <summary>The first octets of the message, up to <see cref="MaxBeginning"/>, without what acceptance put on top; null when no such entry is in the queue.</summary>
    /// <exception cref="Mailboxes.ContentDamagedException">The octets are missing or damaged.</exception>
    ValueTask<ReadOnlyMemory<byte>?> ReadBeginningAsync(QueueId id, CancellationToken cancellationToken);
}
